import { createHmac, randomUUID } from "node:crypto";
import { z } from "zod";
import { parseConfig, type Environment } from "../config.ts";
import { createGitHub, type GitHub } from "../lib/github/client.ts";
import { SetupError } from "../setup-error.ts";

const timeoutMs = 10_000;

export interface TestDelivery {
  /** The delivery's GUID. */
  id: string;
  /** Null: no answer. */
  status: number | null;
  tookMs: number;
  error?: string;
}

/** Sends a delivery as GitHub does, signed with the webhook's secret. */
export async function sendTestDelivery(
  url: string,
  secret: string,
  { name, payload }: { name: string; payload: object },
): Promise<TestDelivery> {
  const id = randomUUID();
  const body = JSON.stringify(payload);
  const beganAt = performance.now();
  const sent = { id, tookMs: 0 };
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "manual", // as GitHub does
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        "content-type": "application/json",
        "user-agent": "pr-capture",
        "x-github-event": name,
        "x-github-delivery": id,
        "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      },
    });
    await response.body?.cancel();
    return { ...sent, status: response.status, tookMs: Math.round(performance.now() - beganAt) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason =
      cause instanceof Error ? cause.message || String(Reflect.get(cause, "code")) : String(cause);
    return { ...sent, status: null, error: reason };
  }
}

/** A ping is acknowledged and captures nothing. */
export function sendPing(url: string, secret: string): Promise<TestDelivery> {
  return sendTestDelivery(url, secret, {
    name: "ping",
    payload: { zen: "A test of pr-capture.", hook_id: 0 },
  });
}

const installationSchema = z.object({ id: z.int(), account: z.object({ login: z.string() }).nullable() });
const pullRequestSchema = z.looseObject({ base: z.object({ repo: z.looseObject({ id: z.int() }) }) });

/**
 * The payload of a webhook about a pull request, as GitHub shows it now. It is safe to store: it contains only what GitHub shows. Throws a `SetupError`.
 */
export async function readTestPayload(
  environment: Environment,
  repository: string,
  number: number,
): Promise<object> {
  const config = parseConfig(environment);
  const github = createGitHub({ apiUrl: config.githubApiUrl, app: config.app, token: null });
  try {
    return await readPayload(github, repository, number);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(`GitHub does not show ${repository}#${number} to the App (${reason}).`);
  }
}

async function readPayload(github: GitHub, repository: string, number: number): Promise<object> {
  const [owner = "", repo = ""] = repository.split("/");
  const app = await github.forApp();
  const { data } = await app.request("GET /app/installations", { per_page: 100 });
  const installation = z
    .array(installationSchema)
    .parse(data)
    .find(({ account }) => account?.login.toLowerCase() === owner.toLowerCase());
  if (!installation) throw new SetupError(`The App is not installed on ${owner}: install it first.`);
  const client = await github.forInstallation(installation.id);
  const answer = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
    owner,
    repo,
    pull_number: number,
  });
  const pullRequest = pullRequestSchema.parse(answer.data);
  return {
    action: "edited",
    number,
    changes: {},
    pull_request: pullRequest,
    repository: pullRequest.base.repo,
    installation: { id: installation.id },
  };
}
