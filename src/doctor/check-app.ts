import { z } from "zod";
import { listWebhooks } from "../app.ts";
import { checkApp, checkToken } from "../check-setup.ts";
import type { Config } from "../config.ts";
import type { GitHub } from "../lib/github/client.ts";
import { SetupError } from "../setup-error.ts";
import { failed, failedSetup, passed, skipped, warning, type CheckResult } from "./check-result.ts";

const permissionsSchema = z.record(z.string(), z.string());

const appSchema = z.object({
  slug: z.string(),
  html_url: z.string(),
  permissions: permissionsSchema,
  events: z.array(z.string()),
});

const installationsSchema = z.array(
  z.object({
    account: z.object({ login: z.string() }).nullable(),
    permissions: permissionsSchema,
    suspended_at: z.string().nullish(),
  }),
);

/** As in app.yml. */
const neededPermissions = ["metadata", "pull_requests", "issues"];

/** GitHub sends these to every App. */
const unsubscribed = ["installation", "installation_repositories", "installation_target"];

const neededEvents = [...listWebhooks()].filter(
  (name) => !name.includes(".") && !unsubscribed.includes(name),
);

/** Checks the App's credentials, permissions, webhook events and installations, and GITHUB_TOKEN. */
export async function checkAppSettings(config: Config, github: GitHub): Promise<CheckResult[]> {
  const credentials = await checkCredentials(config, github);
  if (credentials.status !== "ok") return [credentials];
  const client = await github.forApp();
  const app = appSchema.safeParse((await client.request("GET /app")).data).data;
  if (!app)
    return [
      failed(
        "GitHub App",
        "What answers at GITHUB_API_URL is not GitHub's API.",
        "Set it to https://api.github.com, or to https://HOST/api/v3 for Enterprise Server.",
      ),
    ];
  const settings = `${app.html_url.replace("/apps/", "/settings/apps/")}/permissions`;
  const installations = installationsSchema.parse(
    (await client.request("GET /app/installations", { per_page: 100 })).data,
  );
  return [
    passed("GitHub App", `GitHub accepts APP_ID ${config.app.id} and its private key: ${app.slug}.`),
    checkPermissions(app.permissions, settings),
    checkEvents(app.events, settings),
    checkInstallations(installations, app),
    await checkGitHubToken(config, github),
  ];
}

async function checkCredentials(config: Config, github: GitHub): Promise<CheckResult> {
  const subject = "GitHub App";
  try {
    const problem = await checkApp(config, github);
    if (problem === null) return passed(subject, "");
    return failed(subject, problem, "Check the network, GITHUB_API_URL and https://www.githubstatus.com.");
  } catch (error) {
    if (error instanceof SetupError) return failedSetup(subject, error.message);
    throw error;
  }
}

function lacking(permissions: Record<string, string>): string[] {
  return neededPermissions.filter((name) => !["read", "write", "admin"].includes(permissions[name] ?? ""));
}

function checkPermissions(permissions: Record<string, string>, settings: string): CheckResult {
  const missing = lacking(permissions);
  return missing.length === 0
    ? passed("Permissions", `The App can read ${neededPermissions.join(", ")}.`)
    : failed(
        "Permissions",
        `The App cannot read ${missing.join(" and ")}.`,
        `Grant "Read-only" at ${settings}, and let each account accept it.`,
      );
}

function checkEvents(events: readonly string[], settings: string): CheckResult {
  const missing = neededEvents.filter((event) => !events.includes(event));
  return missing.length === 0
    ? passed("Webhook events", `The App receives all ${neededEvents.length} events.`)
    : failed(
        "Webhook events",
        `The App does not receive ${missing.join(", ")}.`,
        `Subscribe to ${missing.length === 1 ? "it" : "them"} at ${settings}.`,
      );
}

function checkInstallations(
  installations: z.output<typeof installationsSchema>,
  { slug, html_url }: z.output<typeof appSchema>,
): CheckResult {
  const subject = "Installations";
  const active = installations.filter(({ suspended_at }) => !suspended_at);
  if (active.length === 0)
    return warning(subject, `${slug} is not installed.`, `Install it at ${html_url}/installations/new.`);
  const behind = active.filter(({ permissions }) => lacking(permissions).length > 0);
  if (behind.length > 0) {
    const logins = behind.map(({ account }) => account?.login ?? "a deleted account").join(", ");
    return failed(
      subject,
      `${logins} granted fewer permissions than the App needs.`,
      "An owner accepts them under Settings, GitHub Apps.",
    );
  }
  const count = installations.length === 100 ? "100 or more accounts" : plural(active.length, "account");
  return passed(subject, `${slug} is installed on ${count}.`);
}

async function checkGitHubToken(config: Config, github: GitHub): Promise<CheckResult> {
  const subject = "GITHUB_TOKEN";
  if (config.githubToken === null)
    return skipped(subject, "Not set: only repositories with the App are read.");
  const problem = await checkToken(github);
  return problem === null ? passed(subject, "GitHub accepts it.") : failedSetup(subject, problem);
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
