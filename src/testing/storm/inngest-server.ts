import { getRequestListener } from "@hono/node-server";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { inngestBackoff } from "../../lib/embedded/engine/backoff.ts";
import { createInngestEngine } from "../../lib/embedded/inngest-engine.ts";
import { openPglite } from "../../lib/embedded/open-pglite.ts";
import { overHttp } from "../over-http.ts";

/** An Inngest outside the server, which keeps running when the server is killed. */
export interface InngestServer {
  /** The value for INNGEST_DEV. */
  url: string;
  /** Starts to run the server's functions. `serverUrl` returns the current URL of the server. */
  start(serverUrl: () => string): Promise<void>;
  /** Answers events with 503, as in an outage, or accepts them again. */
  refuseEvents(isRefusing: boolean): void;
  /**
   * Accepts and loses each event for which `isDropped` returns true. https://github.com/inngest/inngest/issues/3199 reports events that
   * Inngest received and never ran. A self-hosted server does the same when its Postgres refuses connections.
   */
  dropEvents(isDropped: () => boolean): void;
  droppedEvents(): number;
  /** Resolves when nothing runs or is due within `dueWithinMs`. */
  idle(dueWithinMs: number): Promise<void>;
  /** The number of functions and events with more than one completed run. */
  doubledRuns(): number;
  close(): Promise<void>;
}

const never = () => false;

/** The body of the SDK's request. */
const sentEvents = z.array(z.looseObject({ id: z.string().optional() }));

/** 600 times shorter than Inngest's delays, so that a capture fails permanently after about 50 s instead of eight hours. */
const backoff = (failures: number) => inngestBackoff(failures) / 600;

export async function openInngestServer(): Promise<InngestServer> {
  const queue = await openPglite("memory://");
  const engine = createInngestEngine({ db: queue, backoff });
  const completed = new Map<string, number>();
  let isRefusing = false;
  let isDropped = never;
  let dropped = 0;

  async function acceptEvents(request: Request): Promise<Response> {
    const events = sentEvents.parse(await request.json());
    const kept = events.filter(() => !isDropped());
    dropped += events.length - kept.length;
    if (kept.length > 0) {
      const answer = await engine.fetch(
        new Request(request.url, { method: "POST", headers: request.headers, body: JSON.stringify(kept) }),
      );
      if (!answer.ok || kept.length === events.length) return answer;
    }
    return Response.json({ ids: events.map(({ id }) => id ?? randomUUID()), status: 200 });
  }

  const listener = getRequestListener((request) => {
    if (!new URL(request.url).pathname.startsWith("/e/")) return engine.fetch(request);
    if (isRefusing)
      return Response.json({ error: "Events are not accepted at the moment.", status: 503 }, { status: 503 });
    return acceptEvents(request);
  });
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  /** Calls a function of the server and records completed runs, whose last answer is 200. */
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
    start: (serverUrl) => engine.start(overHttp((request) => callServer(serverUrl(), request))),
    refuseEvents: (refusing) => void (isRefusing = refusing),
    dropEvents: (drops) => void (isDropped = drops),
    droppedEvents: () => dropped,
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
