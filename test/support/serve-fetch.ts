import { createAdaptorServer } from "@hono/node-server";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface ServedFetch {
  url: string;
  close(): Promise<void>;
}

/** Serves a `fetch` over HTTP on this machine. */
export async function serveFetch(answer: typeof fetch): Promise<ServedFetch> {
  const server = createAdaptorServer({ fetch: (request) => answer(request) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
