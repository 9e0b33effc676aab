import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createInngestEngine, type InngestEngine } from "../../src/lib/embedded/inngest-engine.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { Services } from "../../src/services.ts";
import { overHttp } from "../../src/testing/over-http.ts";

interface SentEvent {
  id: string;
  name: string;
  data: Record<string, unknown>;
}

export interface LossyInngest {
  /** The value for INNGEST_DEV. */
  url: string;
  /** The accepted events, including the lost ones. */
  accepted: SentEvent[];
  /** True for an accepted event that Inngest loses. By default it loses none. */
  loses: (event: SentEvent) => boolean;
  isDown: boolean;
  /** Starts to run the functions of these services. */
  serve(services: Pick<Services, "serveInngest">): Promise<void>;
  /** Resolves when no run is due. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * An Inngest over HTTP: the embedded engine behind a server. It can accept an event and lose it, as a self-hosted Inngest does when its
 * Postgres refuses connections.
 */
export async function openLossyInngest(database: SqlDatabase): Promise<LossyInngest> {
  let engine: InngestEngine | null = null;

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const inngest: LossyInngest = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: [],
    loses: () => false,
    isDown: false,
    async serve(services) {
      engine = createInngestEngine({ db: database });
      await engine.start(overHttp(services.serveInngest));
    },
    idle: async () => engine?.idle(1_000),
    async close() {
      await engine?.stop();
      server.closeAllConnections();
      server.close();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { status, json } = await respond(request, body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  }

  async function respond({ url = "/", method = "GET" }: IncomingMessage, body: string) {
    if (inngest.isDown) return { status: 500, json: { error: "down", status: 500 } };
    if (!url.startsWith("/e/")) return forward(url, method, body);
    const events = JSON.parse(body) as SentEvent[];
    inngest.accepted.push(...events);
    const kept = events.filter((event) => !inngest.loses(event));
    if (engine && kept.length > 0) await forward(url, method, JSON.stringify(kept));
    return { status: 200, json: { ids: events.map(({ id }) => id), status: 200 } };
  }

  async function forward(url: string, method: string, body: string) {
    const response = await engine?.fetch(`${inngest.url}${url}`, { method, ...(body && { body }) });
    return { status: response?.status ?? 404, json: await response?.json() };
  }

  return inngest;
}
