import { parseConfig, ConfigError } from "./config.ts";
import { connectPostgres } from "./connect-postgres.ts";
import { createLogger } from "./logger.ts";
import { findMisspelledVariables } from "./misspelled-variables.ts";
import { assembleServices, type Services } from "./services.ts";

/** What Netlify passes to a function. https://docs.netlify.com/build/functions/api/#netlify-specific-context-object */
export interface FunctionContext {
  /** Keeps the function running after its answer until the promise settles. Absent on older runtimes. */
  waitUntil?: (promise: Promise<unknown>) => void;
}

let services: Promise<Services> | undefined;

/** The services of a function instance, created at its first request. Throws if the environment selects the embedded engine or PGlite, which need a server. */
export function getServices(): Promise<Services> {
  services ??= start();
  return services;
}

async function start(): Promise<Services> {
  const config = parseConfig(process.env);
  const faults: string[] = [];
  if (config.inngest.kind === "embedded") {
    faults.push(
      "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY are missing: the embedded queue needs a long-running process.",
    );
  }
  if (config.database.kind === "pglite") {
    faults.push("SUPABASE_URL or DATABASE_URL is missing: PGlite needs a persistent disk.");
  }
  if (faults.length > 0) throw new ConfigError(faults);
  const rows = config.database.kind === "postgres" ? connectPostgres(config.database.url) : null;
  const log = createLogger(config.logLevel);
  for (const { name, meant } of findMisspelledVariables(process.env))
    log.warn(`${name} is set, but unknown. Did you mean ${meant}?`);
  return assembleServices(config, log, rows, { engine: null, queryFetch: null }, { journalLagMs: 0 });
}
