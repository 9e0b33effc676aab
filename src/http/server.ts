import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { lookup } from "node:dns/promises";
import { isIPv6, type AddressInfo } from "node:net";
import type { Hono } from "hono";
import type { Services } from "../services.ts";
import { SetupError } from "../setup-error.ts";
import { createNodeWebhookListener } from "./node-webhook-listener.ts";
import { createRoutes, paths } from "./routes.ts";

export interface RunningServer {
  /** The URL on this machine. */
  url: string;
  /** Stops accepting connections, waits for open requests, and then closes the remaining ones. */
  close(timeoutMs: number): Promise<void>;
}

/** A server that listens before its services exist. Until `serve` is called, it answers 503. */
export interface OpenServer extends RunningServer {
  /** Answers requests from now on. */
  serve(listener: RequestListener): void;
}

/** Serves all routes. Throws a `SetupError` if the port or the host cannot be used. */
export async function listen(
  services: Services,
  address: { host: string; port: number },
): Promise<RunningServer> {
  const server = await openServer(address);
  return serveServices(server, services);
}

/** Serves all routes on an open server. */
export function serveServices(server: OpenServer, services: Services): RunningServer {
  const onWebhook = createNodeWebhookListener(services.receive, { onUnread: services.countDelivery });
  const onOther = getRequestListener(createRoutes(services).fetch);
  server.serve((request, response) => {
    if (request.url?.split("?", 1)[0] === paths.webhooks) onWebhook(request, response);
    else void onOther(request, response);
  });
  return {
    url: server.url,
    close: (timeoutMs) => {
      services.live.close();
      return server.close(timeoutMs);
    },
  };
}

/** Serves these routes on an open server. */
export function serveRoutes(server: OpenServer, routes: Hono): void {
  const listener = getRequestListener(routes.fetch);
  server.serve((request, response) => void listener(request, response));
}

/** How long a client may take to send a request. GitHub takes 10 s for a delivery and its answer. Deliveries in flight are limited. */
const requestTimeoutMs = 20_000;

/** Throws a `SetupError` if the port or the host cannot be used. */
export async function openServer(
  address: { host: string; port: number },
  { requestTimeout = requestTimeoutMs } = {},
): Promise<OpenServer> {
  let listener: RequestListener = refuse;
  let closing: Promise<void> | null = null;
  const server = createServer(
    { requestTimeout, connectionsCheckingInterval: requestTimeout / 4 },
    (request, response) => listener(request, response),
  );
  server.listen(address.port, address.host);
  await once(server, "listening").catch((error: unknown) => {
    throw toSetupError(error, address);
  });
  const { port, address: bound } = server.address() as AddressInfo;
  const host = await toReachableHost(address.host, bound);
  return {
    url: `http://${host}:${port}`,
    serve: (next) => {
      listener = next;
    },
    close: (timeoutMs) => (closing ??= closeServer(server, timeoutMs)),
  };
}

function refuse(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { "content-type": "text/plain; charset=utf-8" }).end("The server is starting.\n");
}

async function closeServer(server: Server, timeoutMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timeout = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await closed;
  clearTimeout(timeout);
}

/** The host for a URL. A wildcard address is reached at localhost. */
async function toReachableHost(host: string, bound: string): Promise<string> {
  const isWildcard = bound === "::" || bound === "0.0.0.0";
  if (!isWildcard) return isIPv6(host) ? `[${host}]` : host;
  // 0.0.0.0 listens to IPv4 only, and localhost may be ::1 alone. :: listens to both.
  const addresses = await lookup("localhost", { all: true }).catch(() => []);
  const isReached = addresses.some(({ family }) => bound === "::" || family === 4);
  if (isReached) return "localhost";
  return bound === "::" ? "[::1]" : "127.0.0.1";
}

function toSetupError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EADDRINUSE")
    return new SetupError(`Port ${port} of ${host} is in use: stop the other program, or set PORT.`);
  if (code === "EACCES")
    return new SetupError(`This user may not open PORT ${port}: set PORT to a number above 1023.`);
  if (
    code === "EADDRNOTAVAIL" ||
    code === "ENOTFOUND" ||
    code === "EAI_AGAIN" ||
    code === "EINVAL" ||
    code === "EAFNOSUPPORT"
  )
    return new SetupError(
      `HOST ${host} is not an address of this machine: set HOST to localhost, 0.0.0.0 or ::.`,
    );
  return error;
}
