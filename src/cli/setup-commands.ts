import { Argument, type Command } from "commander";
import type { QueueClient } from "../client/queue-client.ts";
import type { CheckResult } from "../doctor/check-result.ts";
import { SetupError } from "../setup-error.ts";
import { shells, toCompletionScript, type Shell } from "./completion.ts";
import { paint, printable } from "./terminal.ts";
import { parsePullRequest } from "./arguments.ts";
import { watchDelivery, type FollowOutcome } from "./watch.ts";

export interface SetupCommandTools {
  client: QueueClient;
  /** The server's URL. */
  url: string;
  environment: Readonly<Record<string, string | undefined>>;
  print: (answer: unknown, sentence: () => string) => void;
  announce: (sentence: string) => void;
  conclude: (outcome: FollowOutcome) => void;
  toExamples: (...commands: string[]) => string;
}

/** Adds the commands that check a setup: doctor, webhook and completion. They load the server's modules only when they run. */
export function addSetupCommands(program: Command, tools: SetupCommandTools): void {
  const { client, url, environment, print, announce, conclude, toExamples } = tools;

  program
    .command("doctor")
    .description("check GitHub, the webhook, the database, Inngest and the clock")
    .addHelpText(
      "after",
      `
Run it with the server's environment. It changes nothing, and ends with exit code 1 when something is wrong.
${toExamples("doctor", "doctor --json")}`,
    )
    .action(async () => {
      const { diagnose } = await import("../doctor/diagnose.ts");
      const results = await diagnose(environment, url);
      const isOk = results.every(({ status }) => status !== "failed");
      print({ ok: isOk, checks: results }, () => formatChecks(results));
      if (!isOk) process.exitCode = 1;
    });

  program
    .command("webhook")
    .description("send the server a signed test delivery, and show what becomes of it")
    .argument("[owner/name]")
    .argument("[number]", "a pull request, sent as GitHub shows it now")
    .addHelpText(
      "after",
      `
Without a pull request it is a ping, which tests the address and WEBHOOK_SECRET and captures nothing. With one, the
capture is followed to its rows.
${toExamples("webhook", "webhook owner/name 42")}`,
    )
    .action(async (target: string | undefined, given: string | undefined, _: object, command: Command) => {
      const pullRequest = target === undefined ? null : parsePullRequest(target, given, command);
      const secret = environment["WEBHOOK_SECRET"]?.trim();
      if (!secret) throw new SetupError("WEBHOOK_SECRET is not set. Set it in .env to the server's.");
      const { readTestPayload, sendTestDelivery, sendPing } = await import("../doctor/test-delivery.ts");
      if (pullRequest) await client.getStats(); // fails early when the jobs cannot be read later
      const address = new URL("/api/github/webhooks", url).href;
      const sent = pullRequest
        ? await sendTestDelivery(address, secret, {
            name: "pull_request",
            payload: await readTestPayload(environment, pullRequest.repository, pullRequest.number),
          })
        : await sendPing(address, secret);
      const sentence = toSentence(sent, address);
      if (sent.status !== 200) return conclude({ ok: false, answer: sent, sentence });
      if (!pullRequest)
        return print(
          sent,
          () => `${sentence} A ping captures nothing: the address and the secret are right.`,
        );
      announce(sentence);
      const outcome = await watchDelivery(client, sent.id);
      conclude({ ...outcome, answer: { ...sent, jobs: outcome.answer } });
    });

  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>").choices(shells))
    .addHelpText(
      "after",
      `
It completes the command pr-capture, which \`npm link\` in this folder puts on the PATH.

Examples:
  $ source <(npx pr-capture completion bash)
  $ npx pr-capture completion zsh > ~/.zfunc/_pr-capture
  $ npx pr-capture completion fish > ~/.config/fish/completions/pr-capture.fish`,
    )
    .action((shell: Shell) => void process.stdout.write(toCompletionScript(program, shell)));
}

function toSentence(
  { id, status, tookMs, error }: { id: string; status: number | null; tookMs: number; error?: string },
  target: string,
): string {
  if (status === null)
    return `Could not connect to ${target} (${error}). Start the server with npm start, or set PR_CAPTURE_URL.`;
  const answered = `${target} answered ${status} in ${tookMs} ms to the delivery ${id}.`;
  if (status === 200) return answered;
  return status === 401
    ? `${answered} WEBHOOK_SECRET differs from the server's.`
    : `${answered} See the server's log.`;
}

const marks = {
  ok: () => paint("green", "✓"),
  warning: () => paint("yellow", "!"),
  failed: () => paint("red", "✗"),
  skipped: () => paint("dim", "-"),
} as const satisfies Record<CheckResult["status"], () => string>;

/** Formats one line for each check. Below it: what to do. */
function formatChecks(results: readonly CheckResult[]): string {
  const width = Math.max(...results.map(({ subject }) => subject.length));
  const count = (status: CheckResult["status"]) => results.filter((each) => each.status === status).length;
  const problems = count("failed");
  const warnings = count("warning");
  return [
    ...results.flatMap(({ subject, status, detail, remedy }) => [
      `${marks[status]()} ${subject.padEnd(width)}  ${printable(detail)}`,
      ...(remedy === null ? [] : [`  ${"".padEnd(width)}  ${paint("bold", "→")} ${printable(remedy)}`]),
    ]),
    "",
    problems + warnings === 0
      ? "Everything is set up."
      : `${problems} ${problems === 1 ? "problem" : "problems"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}.`,
  ].join("\n");
}
