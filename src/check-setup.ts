import { RequestError } from "@octokit/request-error";
import type { Config } from "./config.ts";
import { migrate } from "./lib/embedded/migrate.ts";
import type { SqlDatabase } from "./lib/embedded/sql-database.ts";
import { getApp, type AppDescription } from "./lib/github/app-description.ts";
import type { GitHub } from "./lib/github/client.ts";
import { getQueueStats } from "./lib/store/jobs.ts";
import { getJournalStats } from "./lib/store/journal.ts";
import { getOutboxStats } from "./lib/store/outbox.ts";
import { listCheckpoints } from "./lib/store/reconciling.ts";
import { StoreError, type Store } from "./lib/store/store.ts";
import { SetupError } from "./setup-error.ts";

/** Returns null, or a sentence that names the variable if waiting can help. Throws a `SetupError` if it cannot. */
export type Check = () => Promise<string | null>;

/** Checks APP_ID and PRIVATE_KEY with GitHub. Passes on what GitHub says of the App. */
export async function checkApp(
  config: Config,
  github: GitHub,
  onConfirmed: (app: AppDescription) => void = () => {},
): Promise<string | null> {
  try {
    const app = await getApp(await github.forApp());
    if (app) onConfirmed(app);
    return null;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { status, message } = error;
    const isRefused = (status === 401 || status === 404) && error.response !== undefined;
    if (isRefused && /integration not found/i.test(message))
      throw new SetupError(
        `APP_ID ${config.app.id} is not the id of an App on GitHub: copy it from the App's settings page.`,
      );
    if (isRefused && /could not be decoded|bad credentials/i.test(message))
      throw new SetupError(
        `GitHub does not accept PRIVATE_KEY for APP_ID ${config.app.id}: generate a key on that App's settings page.`,
      );
    return `GitHub could not confirm APP_ID and PRIVATE_KEY at GITHUB_API_URL yet (${describe(error)}).`;
  }
}

/** Checks GITHUB_TOKEN. Never throws a `SetupError`: only public repositories without the App need it. */
export async function checkToken(github: GitHub): Promise<string | null> {
  try {
    await (await github.forInstallation(null)).request("GET /rate_limit");
    return null;
  } catch (error) {
    const isRefused = error instanceof RequestError && error.status === 401;
    return isRefused
      ? "GITHUB_TOKEN is not valid or has expired: create a new one, or remove it to read only repositories with the App."
      : null;
  }
}

/** Checks Supabase's key and migrations, by calling functions of the newest migrations too. */
export async function checkSupabase(store: Store): Promise<string | null> {
  try {
    await getQueueStats(store);
    await getOutboxStats(store);
    await listCheckpoints(store);
    await getJournalStats(store);
    return null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code = "", status, message } = error;
    if (status === 401 || code === "42501")
      throw new SetupError(
        "SUPABASE_SERVICE_ROLE_KEY is not the service role's (secret) key of the project at SUPABASE_URL.",
      );
    if (["PGRST202", "PGRST106", "42883", "42P01"].includes(code))
      return "Migrations are missing in the project at SUPABASE_URL: apply supabase/migrations with `supabase db push`.";
    if (status >= 200 && status < 300) return "What answers at SUPABASE_URL is not a Supabase project.";
    const reason = status > 0 ? String(status) : message.replace(/^capture_\w+: (TypeError: )?/, "");
    return `Could not reach the project at SUPABASE_URL (${reason}).`;
  }
}

/** Throws a `SetupError` when Postgres is too old. */
export async function checkPostgresVersion(rows: SqlDatabase): Promise<void> {
  const [server] = await rows.query<{ server_version_num: string }>("show server_version_num");
  const version = Math.floor(Number(server?.server_version_num) / 10_000);
  if (version < 15)
    throw new SetupError(
      `The server of DATABASE_URL is Postgres ${version}, but pr-capture needs 15 or later.`,
    );
}

/** Checks the version of Postgres, and migrates it. `onMigrated` receives the files of the migrations that were missing. */
export async function checkPostgres(
  rows: SqlDatabase,
  onMigrated: (files: string[]) => void = () => {},
): Promise<string | null> {
  try {
    await checkPostgresVersion(rows);
    onMigrated(await migrate(rows));
    return null;
  } catch (error) {
    return explainPostgres(error, rows.description);
  }
}

/** Permanent errors by SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const refusals: Record<string, string> = {
  "28P01": "the password is wrong",
  "28000": "the role does not exist or may not connect",
  "3D000": "the database does not exist",
  "42501": "the role may not create the schema",
};

/** Temporary errors of Node and Postgres: the server is down, starting, stopping or full. */
const temporary = /^(08|53|57P|40|EAI_AGAIN|ENOTFOUND|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/;

/** Explains a temporary error in a sentence. Throws a `SetupError` for a permanent one. */
export function explainPostgres(error: unknown, description: string): string {
  const { code, message } = causeOf(error);
  const refusal = code === null ? undefined : refusals[code];
  if (refusal) throw new SetupError(`DATABASE_URL cannot be used, ${refusal}: ${description}.`);
  if (code === null ? /timeout|terminated|connection/i.test(message) : temporary.test(code))
    return `Could not connect to DATABASE_URL: ${description}, ${code ?? message}.`;
  if (error instanceof SetupError) throw error;
  throw new SetupError(`DATABASE_URL cannot be used: ${message || String(code)} (${description}).`);
}

/** The innermost error: a migration's cause, or the error of the first address tried. */
function causeOf(error: unknown): { code: string | null; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return { code: null, message: String(error) };
  if ("code" in error && typeof error.code === "string") return { code: error.code, message: error.message };
  return error.cause === undefined ? { code: null, message: error.message } : causeOf(error.cause);
}

function describe({ status, message, response }: RequestError): string {
  return response ? `${status} ${message}` : message;
}
