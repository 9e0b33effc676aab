/** Checks a setup before or while it is used. Each check says what is wrong and what to do; none changes anything. */
import { ConfigError, hasNoCredentials, parseConfig, type Config, type Environment } from "../config.ts";
import { createGitHub, type GitHub } from "../lib/github/client.ts";
import { findMisspelledVariables } from "../misspelled-variables.ts";
import { checkAppSettings } from "./check-app.ts";
import { checkDatabase } from "./check-database.ts";
import { checkInngest } from "./check-inngest.ts";
import { checkServer } from "./check-server.ts";
import { checkWebhook } from "./check-webhook.ts";
import { failed, passed, skipped, warning, type CheckResult } from "./check-result.ts";

/** The skew at which `doctor` warns. GitHub refuses App tokens from a clock that is more than 30 s ahead. */
const maxSkewSeconds = 15;

/** Checks the environment, GitHub, the webhook, the database, Inngest, the clock, and the server at `url`. */
export async function diagnose(environment: Environment, url: string): Promise<CheckResult[]> {
  const { config, results } = checkEnvironment(environment);
  if (!config) return results;
  const github = createGitHub({ apiUrl: config.githubApiUrl, app: config.app, token: config.githubToken });
  const [app, database, inngest, server] = await Promise.all([
    attempt("GitHub App", () => checkAppSettings(config, github)),
    attempt("Database", () => checkDatabase(config)),
    attempt("Inngest", async () => [await checkInngest(config.inngest, config.inngestServeOrigin)]),
    attempt("Server", () => checkServer(url, config.adminToken)),
  ]);
  const isConfirmed = app.some(({ subject, status }) => subject === "GitHub App" && status === "ok");
  const webhook = isConfirmed
    ? await attempt("Webhook URL", () => checkWebhook(config, github))
    : [skipped("Webhook URL", "GitHub shows it only to the App.")];
  return [
    ...results,
    ...app,
    ...webhook,
    checkClock(github, isConfirmed),
    ...database,
    ...inngest,
    ...server,
  ];
}

function checkEnvironment(environment: Environment): { config: Config | null; results: CheckResult[] } {
  const subject = "Configuration";
  const results = findMisspelledVariables(environment).map(({ name, meant }) =>
    warning(subject, `${name} is set, but unknown.`, `Did you mean ${meant}?`),
  );
  if (hasNoCredentials(environment))
    return {
      config: null,
      results: [
        ...results,
        failed(
          subject,
          "No GitHub App is configured.",
          "Run npm start, which opens a page that registers one.",
        ),
      ],
    };
  try {
    const config = parseConfig(environment);
    return { config, results: [...results, passed(subject, "All variables are valid.")] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const faults = error.faults.map((fault) => failed(subject, fault, "See docs/configuration.md."));
    return { config: null, results: [...results, ...faults] };
  }
}

/** Compares the local clock with GitHub's, which the answers to the other checks have shown. */
function checkClock(github: GitHub, isKnown: boolean): CheckResult {
  const subject = "Clock";
  if (!isKnown) return skipped(subject, "GitHub's time is unknown.");
  const seconds = Math.round((Date.now() - github.now()) / 1000);
  if (Math.abs(seconds) < maxSkewSeconds) return passed(subject, "It agrees with GitHub's.");
  return warning(
    subject,
    `It is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} GitHub's.`,
    "Synchronize this machine's clock with NTP. Until then, GitHub's time is used.",
  );
}

/** Runs a check. An unexpected error becomes a failed result, and the other results are still shown. */
async function attempt(subject: string, check: () => Promise<CheckResult[]>): Promise<CheckResult[]> {
  try {
    return await check();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [failed(subject, `The check failed: ${reason}`, null)];
  }
}
