import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inngestBackoff } from "../../../src/lib/embedded/engine/backoff.ts";
import { createInngestEngine } from "../../../src/lib/embedded/inngest-engine.ts";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";

/** An Inngest beside the server, which survives the server's death. */
export interface InngestServer {
  /** For INNGEST_DEV. */
  url: string;
  /** Begins to run the functions of the server, which is where `serverUrl` says at the time. */
  start(serverUrl: () => string): Promise<void>;
  /** Whether events are answered 503, as in an outage of Inngest's own. */
  refuseEvents(isRefusing: boolean): void;
  /** Resolves when nothing runs, or is to be run within that time. */
  idle(dueWithinMs: number): Promise<void>;
  /** How many runs of how many events ended well, beyond the first of each function and event. */
  doubledRuns(): number;
  close(): Promise<void>;
}

/** Inngest's own waits, a hundred times as short. */
const backoff = (failures: number) => inngestBackoff(failures) / 100;

export async function openInngestServer(): Promise<InngestServer> {
  const queue = await openPglite("memory://");
  const engine = createInngestEngine({ db: queue, backoff });
  const completed = new Map<string, number>();
  let isRefusing = false;

  const listener = getRequestListener((request) => {
    if (isRefusing && new URL(request.url).pathname.startsWith("/e/"))
      return Response.json({ error: "Events are not accepted at the moment.", status: 503 }, { status: 503 });
    return engine.fetch(request);
  });
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  /** Calls a function where it is, and notes which runs ended well: their last answer is 200. */
  async function callServer(serverUrl: string, request: Request): Promise<Response> {
    const { search, searchParams } = new URL(request.url);
    const body = request.method === "POST" ? await request.text() : null;
    const response = await fetch(`${serverUrl}/api/inngest${search}`, {
      method: request.method,
      headers: { "content-type": "application/json" },
      body,
    });
    if (body !== null && response.status === 200) {
      const { event } = JSON.parse(body) as { event: { id: string } };
      const run = `${searchParams.get("fnId")} ${event.id}`;
      completed.set(run, (completed.get(run) ?? 0) + 1);
    }
    return response;
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    start: (serverUrl) => engine.start((request) => callServer(serverUrl(), request)),
    refuseEvents: (refusing) => void (isRefusing = refusing),
    idle: (dueWithinMs) => engine.idle(dueWithinMs),
    doubledRuns: () => [...completed.values()].filter((times) => times > 1).length,
    async close() {
      await engine.stop();
      server.close();
      server.closeAllConnections();
      await queue.close();
    },
  };
}
