import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Services } from "../services.ts";
import { createNodeWebhookListener } from "./node-webhook-listener.ts";
import { createRoutes, paths } from "./routes.ts";

export interface RunningServer {
  url: string;
  /** Stops accepting, waits for the requests under way, and cuts off those that take longer. */
  close(timeoutMs: number): Promise<void>;
}

/** Listens for everything there is. Throws when the port is taken. */
export async function listen(
  services: Services,
  address: { host: string; port: number },
): Promise<RunningServer> {
  const onWebhook = createNodeWebhookListener(services.receive);
  const onOther = getRequestListener(createRoutes(services).fetch);
  const server = createServer((request, response) => {
    if (request.url?.split("?", 1)[0] === paths.webhooks) onWebhook(request, response);
    else void onOther(request, response);
  });
  server.listen(address.port, address.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://${address.host}:${port}`, close: (timeoutMs) => closeServer(server, timeoutMs) };
}

async function closeServer(server: Server, timeoutMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timeout = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await closed;
  clearTimeout(timeout);
}
