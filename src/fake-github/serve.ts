import { once } from "node:events";
import { createAdaptorServer } from "@hono/node-server";
import type { FakeGitHub } from "./create-github.ts";

/** Serves the fake GitHub over HTTP on this machine, on a free port by default. `url` is the base URL of REST, with the base path. */
export async function serveGitHub(
  github: Pick<FakeGitHub, "fetch"> & Partial<Pick<FakeGitHub, "basePath">>,
  port = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createAdaptorServer({
    async fetch(request, { incoming }) {
      try {
        return await github.fetch(request);
      } catch {
        // The client sees a broken connection.
        incoming.socket?.destroy();
        return new Response(null, { status: 500 });
      }
    },
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The fake GitHub has no port.");
  return {
    url: `http://127.0.0.1:${address.port}${github.basePath ?? ""}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
