import { parseConfig, ConfigError } from "./config.ts";
import { createLogger } from "./logger.ts";
import { openPostgres } from "./lib/embedded/open-postgres.ts";
import { createServices, type Services } from "./services.ts";

let services: Promise<Services> | undefined;

/** The services of this instance of a function, made at its first request. Throws where the environment would keep rows or events in a process that soon ends. */
export function getServices(): Promise<Services> {
  services ??= start();
  return services;
}

async function start(): Promise<Services> {
  const config = parseConfig(process.env);
  const faults: string[] = [];
  if (config.inngest.kind === "embedded") {
    faults.push(
      "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY are missing: the embedded engine needs a process that stays.",
    );
  }
  if (config.database.kind === "pglite") {
    faults.push("SUPABASE_URL or DATABASE_URL is missing: PGlite needs a disk that stays.");
  }
  if (faults.length > 0) throw new ConfigError(faults);
  const rows = config.database.kind === "postgres" ? openPostgres(config.database.url) : null;
  return createServices(config, createLogger(config.logLevel), rows);
}
