import type { Logger } from "./logger.ts";
import { createRetryPauses } from "./retry-pauses.ts";

/** Registers the functions, which the server runs at `url`, with the Dev Server, which then needs no `--sdk-url`. */
export async function registerWithDevServer(url: string, log: Logger): Promise<void> {
  const refusal = await register(url);
  if (refusal === null) log.info("The functions are registered with the Dev Server");
  else log.warn("Could not connect to the Dev Server. Start it with: npm run dev:inngest");
}

/**
 * Registers the functions, which the server runs at `url`, with Inngest, and retries until it succeeds or `signal` aborts. A self-hosted server
 * looks for the functions of a new version only when it starts itself.
 */
export async function registerWithInngest(url: string, log: Logger, signal: AbortSignal): Promise<void> {
  const pause = createRetryPauses(signal);
  let known: string | null = null;
  for (;;) {
    const refusal = await register(url);
    if (refusal === null) return log.info("The functions are registered with Inngest");
    if (refusal !== known) log.warn(`Could not register the functions with Inngest (${refusal}). Retrying.`);
    known = refusal;
    await pause();
  }
}

/** Returns null when Inngest has registered the functions, otherwise its refusal. */
async function register(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { method: "PUT" });
    const { message }: { message?: string } = Object(await response.json());
    return response.ok ? null : (message ?? String(response.status));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
