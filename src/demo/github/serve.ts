import { once } from "node:events";
import { createAdaptorServer } from "@hono/node-server";
import type { GitHub } from "./create-github.ts";

/** Over HTTP on this machine, at a free port unless one is given. */
export async function serveGitHub(
  github: Pick<GitHub, "fetch">,
  port = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createAdaptorServer({
    async fetch(request, { incoming }) {
      try {
        return await github.fetch(request);
      } catch {
        // Nobody answers: the client sees its connection break.
        incoming.socket?.destroy();
        return new Response(null, { status: 500 });
      }
    },
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
