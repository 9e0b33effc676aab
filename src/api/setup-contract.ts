/**
 * The contract of the setup page, which a server without a GitHub App shows. Like contract.ts it runs in browsers, so it imports nothing but
 * zod. Requests need `Authorization: Bearer` with a session's token.
 */
import { z } from "zod";

// GET /api/setup

export const setupSchema = z.object({
  /** The base URL of GitHub's pages. */
  github: z.string(),
  /** True when GitHub runs on the server's machine, and so reaches local addresses. */
  is_github_local: z.boolean(),
  /** The value of WEBHOOK_PROXY_URL, or null. */
  webhook_proxy_url: z.string().nullable(),
});

// POST /api/setup/manifest: begins a registration. The page posts `manifest` to `action`, which is GitHub's.

export const registerRequestSchema = z.strictObject({
  /** Null: the account that is signed in to GitHub. */
  organization: z
    .string()
    .regex(/^[a-z\d][a-z\d_-]{0,99}$/i, "must be the organization's login, as in https://github.com/LOGIN")
    .nullable(),
  /** Null: webhooks come through smee.io. */
  public_url: z.string().min(1).max(500).nullable(),
  /** The address of the page. */
  page_url: z.string().min(1).max(500),
});
export const registerAnswerSchema = z.object({ action: z.string(), manifest: z.string() });

// POST /api/setup/app: ends the registration with the parameters that GitHub added to the page's address.

export const finishRequestSchema = z.strictObject({
  code: z.string().min(1).max(200),
  state: z.string().min(1).max(200),
});
export const registeredAnswerSchema = z.object({
  name: z.string(),
  /** GitHub's page that installs the App. */
  install_url: z.string(),
  /** The file that has the credentials. Null: it cannot be written. */
  env_file: z.string().nullable(),
  /** The lines for that file when it cannot be written, or null. */
  variables: z.string().nullable(),
  /** A session of the console. */
  session: z.object({ token: z.string(), expires_at: z.string() }),
});

export type SetupAnswer = z.output<typeof setupSchema>;
export type RegisterRequest = z.output<typeof registerRequestSchema>;
export type RegisterAnswer = z.output<typeof registerAnswerSchema>;
export type FinishRequest = z.output<typeof finishRequestSchema>;
export type RegisteredAnswer = z.output<typeof registeredAnswerSchema>;
