import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** An Inngest that accepts every event, runs nothing, and keeps the bodies of the requests. */
export async function openEventEndpoint() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const accept = async () => {
      const body = await text(request);
      bodies.push(body);
      const ids = (JSON.parse(body) as { id: string }[]).map(({ id }) => id);
      response.setHeader("content-type", "application/json").end(JSON.stringify({ ids, status: 200 }));
    };
    accept().catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
