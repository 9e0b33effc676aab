#!/usr/bin/env node
import { existsSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { countGaps, formatAnalysis, formatJobs, formatStats, plural, printable } from "./cli/format.ts";
import { watchBackfill, watchFix, watchStatus } from "./cli/watch.ts";
import { createQueueClient, QueueApiError } from "./client/queue-client.ts";

if (existsSync(".env")) process.loadEnvFile(".env");

const url = process.env["PR_CAPTURE_URL"] || `http://localhost:${process.env["PORT"] || 3000}`;
const adminToken = process.env["ADMIN_TOKEN"] ?? "";
const client = createQueueClient({ url, adminToken });

const followHint = "Follow it with: npm run capture -- status --watch";

const program = new Command("pr-capture")
  .description("The manual queue of a running pr-capture server.")
  .option("--json", "print what the server answered, for machines")
  .hook("preAction", () => {
    if (!adminToken)
      throw new QueueApiError("ADMIN_TOKEN is not set. It has to be the server's; put it into .env.", null);
  })
  .addHelpText(
    "after",
    "\nPR_CAPTURE_URL names the server (http://localhost:3000); ADMIN_TOKEN has to be the server's. Both may be in .env.",
  );

program
  .command("analyze")
  .description("what is captured of a repository, or of all, and the gaps")
  .argument("[owner/name]")
  .action(async (repository?: string) => {
    const analysis = await client.analyze(repository);
    print(analysis, () => formatAnalysis(analysis));
  });

followed(program.command("backfill"))
  .description("capture a repository's history")
  .argument("<owner/name>")
  .option("--days <n>", "what changed in so many days; without it, in the server's BACKFILL_DAYS", toNumber)
  .option("--all", "all of it")
  .action(async (repository: string, options: { days?: number; all?: true; watch: boolean }) => {
    const { days, all, watch } = options;
    if (days !== undefined && all) program.error("Choose one of --days and --all.");
    const answer = await client.queueBackfill(repository, { ...(days && { days }), ...(all && { all }) });
    const sentence =
      answer.queued > 0
        ? `Queued the backfill of ${repository}.`
        : `A backfill of ${repository} that goes back as far is queued or running already.`;
    if (!watch || !answer.job) return print(answer, () => `${sentence} ${followHint}`);
    announce(sentence);
    conclude(await watchBackfill(client, answer.job));
  });

followed(program.command("fix"))
  .description("capture exactly what is missing of a repository")
  .argument("<owner/name>")
  .action(async (repository: string, { watch }: { watch: boolean }) => {
    const before = await client.analyze(repository, 0);
    const gaps = countGaps(before.total);
    const { queued } = await client.fixGaps({ repository });
    if (gaps === 0) return print(watch ? before : { queued, gaps }, () => `${repository} has no gaps.`);
    const sentence =
      queued > 0
        ? `Queued ${plural(queued, "capture")} for ${plural(gaps, "gap")} of ${repository}.`
        : `The captures of its ${plural(gaps, "gap")} are queued already.`;
    if (!watch) return print({ queued, gaps }, () => `${sentence} ${followHint}`);
    announce(sentence);
    conclude(await watchFix(client, repository, gaps));
  });

program
  .command("pull-request")
  .description("capture everything of one pull request anew")
  .argument("<owner/name>")
  .argument("<number>", "the pull request's number", toNumber)
  .action(async (repository: string, number: number) => {
    const { queued } = await client.queuePullRequest(repository, number);
    print({ queued }, () =>
      queued > 0
        ? `Queued ${plural(queued, "capture")} of ${repository}#${number}. ${followHint}`
        : `${repository}#${number} is queued already. ${followHint}`,
    );
  });

program
  .command("reconcile")
  .description("have GitHub's delivery log and newest updates looked at now")
  .action(async () => {
    const answer = await client.reconcile();
    print(answer, () => `GitHub's delivery log and newest updates are looked at now. ${followHint}`);
  });

program
  .command("status")
  .description("how many captures are in which state")
  .option("--watch", "go on until nothing is pending or processing")
  .action(async ({ watch }: { watch?: true }) => {
    const begun = await client.getStats();
    const stats = watch ? await watchStatus(client, begun) : begun;
    print(stats, () => formatStats(stats));
  });

program
  .command("jobs")
  .description("the newest captures")
  .option("--state <state>", "pending, processing, completed, failed or cancelled")
  .option("--limit <n>", "how many", toNumber, 20)
  .action(async (options: { state?: string; limit: number }) => {
    const jobs = await client.listJobs(options);
    print(jobs, () => formatJobs(jobs));
  });

program
  .command("replay")
  .description("send a failed capture's event again")
  .argument("<id>", "the job's id, as jobs shows it", toNumber)
  .action(async (id: number) => {
    const replayed = await client.replay(id);
    print(replayed, () => `Sent again. ${followHint}`);
  });

// Options may stand before the command or after it.
for (const command of program.commands)
  command.option("--json", "print what the server answered, for machines");

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof QueueApiError)) throw error;
  const hint =
    error.status === null && adminToken ? " Start the server with npm start, or set PR_CAPTURE_URL." : "";
  const message = printable(`${error.message}${hint}`);
  console.error(wantsJson() ? JSON.stringify({ error: message }) : message);
  process.exitCode = 1;
}

/** A command that queues work and follows it to its end. */
function followed(command: Command): Command {
  return command
    .option("--no-watch", "return as soon as it is queued")
    .addOption(new Option("--watch").default(true).hideHelp());
}

/** What is said before the end, which alone is for machines. */
function announce(sentence: string): void {
  if (!wantsJson()) console.log(sentence);
}

/** Says how what was watched has ended. */
function conclude({ ok, answer, sentence }: { ok: boolean; answer: unknown; sentence: string }): void {
  print(answer, () => sentence);
  if (!ok) process.exitCode = 1;
}

function print(answer: unknown, sentence: () => string): void {
  console.log(wantsJson() ? JSON.stringify(answer) : sentence());
}

function wantsJson(): boolean {
  return [program, ...program.commands].some((command) => command.opts<{ json?: true }>().json);
}

function toNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return number;
}
