import { randomBytes } from "node:crypto";
import { RequestError } from "@octokit/request-error";
import type { ConfigBeforeSetup } from "../config.ts";
import { convertManifest, type RegisteredApp } from "../lib/github/convert-manifest.ts";
import { toWebUrl } from "../lib/github/web-url.ts";
import { writeEnvFile } from "./env-file.ts";
import { createManifest } from "./manifest.ts";
import { isLoopback, toOrigin } from "./reachable.ts";

/** The registration failed. The message says why, and what to do. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
  readonly status: 400 | 404 | 409 | 502 | 503;

  constructor(status: RegistrationError["status"], message: string) {
    super(message);
    this.status = status;
  }
}

export interface RegistrationChoice {
  /** Null: the account that is signed in to GitHub. */
  organization: string | null;
  /** The server's public address. Null: webhooks come through smee.io. */
  publicUrl: string | null;
  /** The address of the page, to which GitHub sends the browser back. */
  pageUrl: string;
}

export interface Registration {
  /** The form that the page posts to GitHub. `action` contains the state. */
  begin(choice: RegistrationChoice): Promise<{ action: string; manifest: string }>;
  /** Converts the code, and stores the credentials. */
  finish(code: string, state: string): Promise<FinishedRegistration>;
}

export interface FinishedRegistration {
  name: string;
  installUrl: string;
  /** The variables that the environment must contain from now on. */
  variables: Record<string, string>;
  /** Null: the file cannot be written, so the operator has to set the variables. */
  envFile: string | null;
}

export interface RegistrationOptions {
  config: Pick<ConfigBeforeSetup, "adminToken" | "githubApiUrl" | "webhookProxyUrl">;
  /** Where the variables are written. */
  envFile: string;
  /** The path of the webhooks. */
  hookPath: string;
  /** Creates a channel at smee.io and returns its URL. */
  createChannel: () => Promise<string>;
  log: { info(details: object, message: string): void; warn(details: object, message: string): void };
  now?: () => number;
}

/** GitHub's limit for the whole flow. */
const stateLifetimeMs = 3_600_000;

/** Registers an App from a manifest. A state that `begin` created ends with the App's registration, or after an hour. */
export function createRegistration({
  config,
  envFile,
  hookPath,
  createChannel,
  log,
  now = Date.now,
}: RegistrationOptions): Registration {
  const { adminToken, githubApiUrl, webhookProxyUrl } = config;
  const webUrl = toWebUrl(githubApiUrl);
  const states = new Map<string, { expiresAt: number; channel: string | null }>();
  let isFinished = false;

  async function findChannel(): Promise<string> {
    if (webhookProxyUrl !== null) return webhookProxyUrl;
    try {
      return await createChannel();
    } catch {
      throw new RegistrationError(
        503,
        "smee.io does not answer, so it gave no channel. Try again, or enter a public address.",
      );
    }
  }

  function toReachableOrigin(publicUrl: string): string {
    const origin = toOrigin(publicUrl);
    if (origin === null)
      throw new RegistrationError(
        400,
        "The public address must be an origin such as https://capture.example.com, without a path.",
      );
    if (isLoopback(new URL(origin).hostname) && !isLoopback(new URL(githubApiUrl).hostname))
      throw new RegistrationError(
        400,
        `GitHub cannot reach ${origin}. Enter the server's public address, or choose smee.io.`,
      );
    return origin;
  }

  return {
    async begin({ organization, publicUrl, pageUrl }) {
      const page = toOrigin(pageUrl);
      if (page === null) throw new RegistrationError(400, "The page's address is not an http or https URL.");
      const origin = publicUrl === null ? null : toReachableOrigin(publicUrl);
      const channel = origin === null ? await findChannel() : null;
      const manifest = await createManifest({
        organization,
        hookUrl: channel ?? `${origin}${hookPath}`,
        returnUrl: `${page}/`,
        setupUrl: `${origin ?? page}/`,
      });
      for (const [state, { expiresAt }] of states) if (expiresAt <= now()) states.delete(state);
      const state = randomBytes(32).toString("base64url");
      states.set(state, { expiresAt: now() + stateLifetimeMs, channel });
      const owner = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
      return {
        action: `${webUrl}${owner}/settings/apps/new?state=${state}`,
        manifest: JSON.stringify(manifest),
      };
    },

    async finish(code, state) {
      if (isFinished) throw new RegistrationError(409, "The App is registered already. Open the console.");
      const begun = states.get(state);
      if (!begun || begun.expiresAt <= now())
        throw new RegistrationError(
          400,
          "This registration did not begin on this page, or began more than an hour ago, or the server was restarted since. Register again.",
        );
      states.delete(state); // while GitHub is asked, so that a code is converted once
      const app = await convertManifest(githubApiUrl, code).catch((error: unknown) => {
        const refusal = toRegistrationError(error);
        if (refusal.status === 503) states.set(state, begun);
        throw refusal;
      });
      isFinished = true;
      const variables = toVariables(app, { adminToken, channel: webhookProxyUrl ? null : begun.channel });
      const isWritten = await writeEnvFile(envFile, variables).then(
        () => true,
        (error: unknown) => {
          log.warn({ err: error }, `Could not write ${envFile}. The setup page shows the variables to set.`);
          return false;
        },
      );
      log.info({ app: app.name }, `The App ${app.name} is registered`);
      return {
        name: app.name,
        installUrl: `${app.html_url}/installations/new`,
        variables,
        envFile: isWritten ? envFile : null,
      };
    },
  };
}

/** The private key is one line of base64, which every format of environment files can hold. */
function toVariables(
  { id, pem, webhook_secret }: RegisteredApp,
  { adminToken, channel }: { adminToken: string | null; channel: string | null },
): Record<string, string> {
  return {
    APP_ID: String(id),
    PRIVATE_KEY: Buffer.from(pem).toString("base64"),
    WEBHOOK_SECRET: webhook_secret,
    ...(channel !== null && { WEBHOOK_PROXY_URL: channel }),
    ...(adminToken === null && { ADMIN_TOKEN: randomBytes(32).toString("hex") }),
  };
}

/** 503: the same code can be tried again. */
function toRegistrationError(error: unknown): RegistrationError {
  if (!(error instanceof RequestError)) throw error;
  if (error.response === undefined || error.status >= 500)
    return new RegistrationError(
      503,
      `GitHub did not answer${error.response ? ` (${error.status})` : ""}, so the App's credentials are not here yet. Try again.`,
    );
  if (error.status === 404)
    return new RegistrationError(
      404,
      "GitHub no longer knows this registration: its code was used, or is more than an hour old. Register again, and delete the App that is left over on GitHub.",
    );
  return new RegistrationError(
    502,
    `GitHub refused to hand over the App's credentials (${error.status} ${error.message}). Register again.`,
  );
}
