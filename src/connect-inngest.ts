import type { ClientOptions, Inngest } from "inngest";
import type { InngestConfig } from "./config.ts";
import type { InngestEngine } from "./lib/embedded/inngest-engine.ts";
import { createInngest } from "./lib/inngest/client.ts";
import { createServiceFetch } from "./lib/redact.ts";

/** Connects the client to the embedded engine, the Dev Server, a self-hosted Inngest or Inngest Cloud. */
export function connectInngest(
  config: InngestConfig,
  embedded: InngestEngine["clientOptions"] | null,
  options: Pick<ClientOptions, "internalLogger" | "middleware">,
): Inngest {
  if (embedded) return createInngest({ ...options, ...embedded });
  if (config.kind === "inngest") {
    const { eventKey, signingKey, signingKeyFallback, baseUrl, env } = config;
    return createInngest({
      ...options,
      isDev: false,
      eventKey,
      signingKey,
      fetch: createServiceFetch(eventKey, signingKey, signingKeyFallback),
      ...(signingKeyFallback && { signingKeyFallback }),
      ...(baseUrl && { baseUrl }),
      ...(env && { env }),
    });
  }
  const baseUrl = config.kind === "dev-server" && config.baseUrl;
  return createInngest({ ...options, isDev: true, ...(baseUrl && { baseUrl }) });
}

/** Names the queue for the log and the API, without secrets. */
export function describeInngest(config: InngestConfig): string {
  if (config.kind === "embedded") return "the embedded queue";
  if (config.kind === "dev-server")
    return `the Inngest Dev Server at ${config.baseUrl ?? "http://localhost:8288"}`;
  return config.baseUrl ? `Inngest at ${new URL(config.baseUrl).host}` : "Inngest Cloud";
}
