import { connect } from "node:net";

/** An HTTP request that can be malformed. */
export interface RawRequest {
  method: string;
  path: string;
  /** Sent in this order. `host` and `connection` are added. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  /** True when the sender closes the connection early, so that there can be no answer. */
  hangsUp: boolean;
}

const timeoutMs = 30_000;

/** Sends a request on a new connection. Resolves with the highest status of the answers, or 0 without an answer. */
export function sendRaw(url: string, request: RawRequest): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname);
    socket.setTimeout(timeoutMs, () => socket.destroy());
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
