import { connect } from "node:net";

/** An HTTP request as its bytes: what no client of good manners would send, too. */
export interface RawRequest {
  method: string;
  path: string;
  /** In this order, repeated or not; `host` and `connection` are added. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  /** Whether the sender hangs up before all that it announced. There may be no answer then. */
  hangsUp: boolean;
}

const patienceMs = 30_000;

/**
 * Sends it over a connection of its own. Resolves with the answer's status, the highest where the bytes make several requests; with 0
 * where there was none.
 */
export function sendRaw(url: string, request: RawRequest): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname);
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", () => {}); // a close follows
    socket.on("close", () => {
      const statuses = [...answer.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));
      resolve(Math.max(0, ...statuses));
    });
    socket.write(toBytes(request));
    if (request.hangsUp) socket.end();
  });
}

function toBytes({ method, path, headers, body }: RawRequest): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: localhost",
    "connection: close",
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
