/** The environment variables: their schemas and their documentation. `npm run docs` writes docs/configuration.md and .env.example from them. */
import { z } from "zod";

const url = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .refine((text) => !hasUser(text), { error: "must not contain a user name or password" }); // `fetch` refuses such a URL, and its error quotes it
const number = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce
    .number({ error: `must be a number from ${least} to ${most}` })
    .int({ error })
    .min(least, { error })
    .max(most, { error });
};
const bearerToken = z
  .string()
  .min(16, "must have at least 16 characters")
  .regex(
    /^[!-~]([ -~]*[!-~])?$/,
    "must be printable ASCII without spaces around it, because a header carries it",
  );
/** A key that requests carry in a header or a path. The error of `fetch` quotes one that it cannot send. */
const sentKey = z
  .string()
  .regex(/^[!-~]+$/, "must be printable ASCII without spaces and line breaks: copy it again");
const encryptionKey = z.string().min(16, "must have at least 16 characters");
const share = "must be a number from 0 to 1";
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** A variable's documentation, in Markdown. */
export interface VariableMeta {
  meaning: string;
  /** Shown in place of the schema's default. */
  shownDefault?: string;
}

export const variables = z.object({
  APP_ID: z.coerce
    .number({ error: "must be the number on the App's settings page" })
    .int({ error: "must be the number on the App's settings page" })
    .min(1, { error: "must be the number on the App's settings page" })
    .optional()
    .meta({
      meaning: "The App's id, from its settings page.",
      shownDefault: "required",
    } satisfies VariableMeta),
  PRIVATE_KEY: z
    .string()
    .optional()
    .meta({
      meaning: "The App's private key: PEM text, or that text in base64. Set this or `PRIVATE_KEY_PATH`.",
    } satisfies VariableMeta),
  PRIVATE_KEY_PATH: z
    .string()
    .optional()
    .meta({ meaning: "The path of the private key's `.pem` file." } satisfies VariableMeta),
  WEBHOOK_SECRET: z
    .string()
    .refine((secret) => secret !== "development", {
      error:
        "must not be \"development\", which is Probot's public default: choose a random one (openssl rand -hex 32), here and on the App's settings page",
    })
    .optional()
    .meta({
      meaning:
        "The App's webhook secret. Unsigned deliveries are answered 401. `development` is refused, because it is Probot's public default.",
      shownDefault: "required",
    } satisfies VariableMeta),
  WEBHOOK_PROXY_URL: url.optional().meta({
    meaning: "A smee.io channel that forwards webhooks to a machine without a public address.",
  } satisfies VariableMeta),
  GITHUB_TOKEN: sentKey.optional().meta({
    meaning: "A token that reads public repositories on which the App is not installed.",
  } satisfies VariableMeta),
  GITHUB_API_URL: url.default("https://api.github.com").meta({
    meaning:
      "The base of the REST API. For Enterprise Server: `https://HOST/api/v3`. GraphQL is then `https://HOST/api/graphql`.",
  } satisfies VariableMeta),
  BUDGET_RESERVE: z.coerce
    .number({ error: share })
    .min(0, { error: share })
    .max(1, { error: share })
    .default(0.25)
    .meta({
      meaning:
        "A sync pauses while less than this share (0 to 1) of an installation's budget is left. Webhook captures may use the rest.",
    } satisfies VariableMeta),
  INNGEST_EVENT_KEY: sentKey
    .optional()
    .meta({ meaning: "The event key. Needs `INNGEST_SIGNING_KEY`." } satisfies VariableMeta),
  INNGEST_SIGNING_KEY: sentKey
    .optional()
    .meta({ meaning: "The signing key. Needs `INNGEST_EVENT_KEY`." } satisfies VariableMeta),
  INNGEST_SIGNING_KEY_FALLBACK: sentKey
    .optional()
    .meta({ meaning: "The previous signing key, accepted while you rotate keys." } satisfies VariableMeta),
  INNGEST_ENV: sentKey
    .optional()
    .meta({ meaning: "The branch environment to send events to." } satisfies VariableMeta),
  INNGEST_CONCURRENCY: number(1, 100)
    .default(20)
    .meta({
      meaning:
        "How many steps of one installation run at once (1 to 100). At most what your plan allows: 5 on Inngest's free plan.",
    } satisfies VariableMeta),
  INNGEST_ENCRYPTION_KEY: encryptionKey.optional().meta({
    meaning:
      "[Encrypts](inngest.md#encryption) what events contain of pull requests. At least 16 characters: `openssl rand -hex 32`.",
  } satisfies VariableMeta),
  INNGEST_ENCRYPTION_KEY_FALLBACK: encryptionKey
    .optional()
    .meta({ meaning: "The previous encryption key, which only decrypts." } satisfies VariableMeta),
  INNGEST_BASE_URL: url
    .optional()
    .meta({ meaning: "The URL of a self-hosted Inngest server." } satisfies VariableMeta),
  INNGEST_SERVE_ORIGIN: url.optional().meta({
    meaning:
      "The origin at which Inngest reaches this server, such as `https://example.com`. A server with it registers its functions at each start. Without it, the request that registers them says where they are, so whoever can send one chooses the address.",
    shownDefault: "from each request",
  } satisfies VariableMeta),
  INNGEST_DEV: z
    .union([z.enum(["0", "1", "true", "false"]), url], {
      error: "must be 1, 0 or a URL without a user name or password",
    })
    .optional()
    .meta({
      meaning: "`1` or the URL of an Inngest Dev Server. It wins over the keys.",
    } satisfies VariableMeta),
  SUPABASE_URL: url.optional().meta({
    meaning: "The Supabase project's URL. Apply the migrations with `supabase db push`.",
  } satisfies VariableMeta),
  SUPABASE_SERVICE_ROLE_KEY: sentKey
    .refine((key) => !isPublicSupabaseKey(key), {
      error: "is the project's public key, which cannot write: use the service role's (secret) key",
    })
    .optional()
    .meta({
      meaning: "The project's secret key (`sb_secret_…`), or its service role key. Public keys are refused.",
    } satisfies VariableMeta),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" })
    .refine(isEncoded, {
      error: "must have a percent-encoded password: %40 for @, %2F for /, %23 for #, %3F for ?, %25 for %",
    })
    .optional()
    .meta({
      meaning:
        "`postgres://…`, Postgres 15 or later. The server applies the migrations at the start. Functions do not: run `npx pr-capture migrate` first.",
    } satisfies VariableMeta),
  DATA_DIR: z
    .string()
    .default(".data")
    .meta({
      meaning:
        "The folder of the [embedded database](operations.md#the-embedded-database). One server can use it at a time.",
    } satisfies VariableMeta),
  HOST: z
    .string()
    .regex(/^\[?[\w.:%-]+\]?$/, "must be a host name or an IP address, without a scheme, port or path")
    .transform((host) => host.replace(/^\[(.*)\]$/, "$1"))
    .default("localhost")
    .meta({ meaning: "The address to listen on. Use `0.0.0.0` in a container." } satisfies VariableMeta),
  PORT: number(0, 65_535)
    .default(3000)
    .meta({ meaning: "The port to listen on." } satisfies VariableMeta),
  LOG_LEVEL: z
    .enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` })
    .default("info")
    .meta({
      meaning: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    } satisfies VariableMeta),
  ADMIN_TOKEN: bearerToken.optional().meta({
    meaning:
      "Opens the HTTP API, for the CLI too. Without it, only [the link in the server's log](operations.md#http-api) does. At least 16 ASCII characters: `openssl rand -hex 32`.",
  } satisfies VariableMeta),
  METRICS_TOKEN: bearerToken.optional().meta({
    meaning:
      "Lets Prometheus read [`GET /metrics`](observability.md#metrics), and nothing else. `ADMIN_TOKEN` works there too. At least 16 ASCII characters.",
  } satisfies VariableMeta),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional().meta({
    meaning:
      "An OTLP collector over HTTP, such as `http://localhost:4318`. It receives [traces](observability.md#traces).",
  } satisfies VariableMeta),
  ALERT_WEBHOOK_URL: url.optional().meta({
    meaning: "A Slack-compatible webhook. It receives new failures, at most one message every five minutes.",
  } satisfies VariableMeta),
  BACKFILL_DAYS: number(1, 3650)
    .default(90)
    .meta({
      meaning: "How many days of history are captured when the App is installed on a repository.",
    } satisfies VariableMeta),
  JOB_RETENTION_DAYS: number(1, 3650)
    .default(14)
    .meta({ meaning: "Finished jobs are deleted after this many days." } satisfies VariableMeta),
  PURGE_ON_UNINSTALL: z
    .enum(["true", "false"], { error: "must be true or false" })
    .default("false")
    .meta({
      meaning: "`true`: uninstalling the App deletes everything captured through it.",
    } satisfies VariableMeta),
});

/** The sections of the documentation, with their variables in order. */
export const sections: readonly Section[] = [
  {
    title: "The GitHub App",
    variables: ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "WEBHOOK_PROXY_URL"],
    after:
      "When none of the first four is set, `npm start` serves [the setup page](operations.md#setup-page), which registers an App and writes them to `.env`, with an `ADMIN_TOKEN` if there is none.",
  },
  {
    title: "GitHub's API",
    variables: ["GITHUB_TOKEN", "GITHUB_API_URL", "BUDGET_RESERVE"],
  },
  {
    title: "Inngest",
    before:
      "Without both keys and without `INNGEST_DEV`, captures run on the embedded queue, which is in the same database and supports one server. With Supabase it is in `DATA_DIR`.",
    variables: [
      "INNGEST_EVENT_KEY",
      "INNGEST_SIGNING_KEY",
      "INNGEST_SIGNING_KEY_FALLBACK",
      "INNGEST_ENV",
      "INNGEST_CONCURRENCY",
      "INNGEST_ENCRYPTION_KEY",
      "INNGEST_ENCRYPTION_KEY_FALLBACK",
      "INNGEST_BASE_URL",
      "INNGEST_SERVE_ORIGIN",
      "INNGEST_DEV",
    ],
  },
  {
    title: "The database",
    before: "Set one of the two, or neither for PGlite in `DATA_DIR`.",
    variables: ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "DATABASE_URL", "DATA_DIR"],
  },
  {
    title: "The server",
    variables: [
      "HOST",
      "PORT",
      "LOG_LEVEL",
      "ADMIN_TOKEN",
      "METRICS_TOKEN",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "ALERT_WEBHOOK_URL",
      "BACKFILL_DAYS",
      "JOB_RETENTION_DAYS",
      "PURGE_ON_UNINSTALL",
    ],
  },
];

interface Section {
  title: string;
  before?: string;
  variables: readonly VariableName[];
  after?: string;
}

export type VariableName = keyof typeof variables.shape;
export type Variables = z.output<typeof variables>;

function hasUser(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== "" || password !== "";
}

/** False when an unencoded character splits the password, and a part of it would be read as the database's name. */
function isEncoded(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, pathname, hash } = new URL(text);
  return !pathname.includes("@") && hash === "" && canDecode(username) && canDecode(password);
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * True for Supabase's keys for browsers: `sb_publishable_…`, or a JWT with the role `anon`.
 * https://supabase.com/docs/guides/api/api-keys
 */
function isPublicSupabaseKey(key: string): boolean {
  if (key.startsWith("sb_publishable_")) return true;
  try {
    const claims: unknown = JSON.parse(Buffer.from(key.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null && "role" in claims && claims.role === "anon";
  } catch {
    return false;
  }
}
