import { z } from "zod";
import { describeRedirect, isRedirect } from "../client/queue-client.ts";
import { failed, passed, skipped, warning, type CheckResult } from "./check-result.ts";

const timeoutMs = 10_000;

/** An event that Inngest has not run for this long is lost, or the app is not registered. */
const maxUnstartedSeconds = 900;

const healthSchema = z.object({
  status: z.string(),
  problems: z.array(z.string()).optional(),
  journal: z.object({ unstarted: z.int().optional(), oldest_age_seconds: z.number().nullish() }).optional(),
});

/** Asks the server at PR_CAPTURE_URL how it is, and whether it has the same ADMIN_TOKEN. */
export async function checkServer(url: string, adminToken: string | null): Promise<CheckResult[]> {
  const health = await get(new URL("/healthz", url));
  if (health === null)
    return [
      warning("Server", `No server answers at ${url}.`, "Start it with npm start, or set PR_CAPTURE_URL."),
    ];
  if (isRedirect(health.response))
    return [failed("Server", `${url} ${describeRedirect(health.response)}`, "Set PR_CAPTURE_URL to it.")];
  const parsed = healthSchema.safeParse(health.body).data;
  if (!parsed)
    return [failed("Server", `${url} is not a pr-capture server.`, "Set PR_CAPTURE_URL to its address.")];
  const { status, problems = [], journal } = parsed;
  const unstarted = journal?.unstarted ?? 0;
  return [
    status === "ok"
      ? passed("Server", `The server at ${url} is healthy.`)
      : failed(
          "Server",
          problems.join(" ") || `The server at ${url} cannot reach its database.`,
          "Fix it and wait: the server retries.",
        ),
    ...(unstarted > 0 && (journal?.oldest_age_seconds ?? 0) > maxUnstartedSeconds
      ? [
          failed(
            "Runs",
            `Inngest accepted ${unstarted} events and does not run them.`,
            "Check that the app is registered, and the Inngest server's database connections.",
          ),
        ]
      : []),
    adminToken === null
      ? skipped("ADMIN_TOKEN", "Not set: only the link in the server's log opens the console and the API.")
      : await checkToken(url, adminToken),
  ];
}

async function checkToken(url: string, adminToken: string): Promise<CheckResult> {
  const answer = await get(new URL("/api/queue/stats", url), { authorization: `Bearer ${adminToken}` });
  return answer?.response.status === 401
    ? failed(
        "ADMIN_TOKEN",
        `The server at ${url} has another ADMIN_TOKEN.`,
        "Set the same one here and there.",
      )
    : passed("ADMIN_TOKEN", "The server accepts it.");
}

async function get(url: URL, headers: Record<string, string> = {}) {
  try {
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json().catch(() => null);
    return { response, body };
  } catch {
    return null;
  }
}
