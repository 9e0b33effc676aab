import packageJson from "../../package.json" with { type: "json" };
import { Command, Option } from "commander";
import { countGaps } from "../api/contract.ts";
import { toNumber, parsePullRequest } from "./arguments.ts";
import { formatAnalysis, formatStats, plural } from "./format.ts";
import { addJobCommands } from "./job-commands.ts";
import { addSetupCommands } from "./setup-commands.ts";
import { formatRows } from "./format-rows.ts";
import { toCsv } from "../client/to-csv.ts";
import { currentScreen, printable } from "./terminal.ts";
import { watchBackfill, watchCapture, watchFix, watchStatus } from "./watch.ts";
import { addMigrateCommand } from "./migrate-command.ts";
import { createQueueClient, QueueApiError } from "../client/queue-client.ts";
import { loadEnvironmentFile } from "../environment-file.ts";
import { SetupError } from "../setup-error.ts";

/** Thrown by the commands, so that help is there without the file. */
const unreadable = tryToLoadEnvironment();

const url =
  process.env["PR_CAPTURE_URL"]?.trim() || `http://localhost:${process.env["PORT"]?.trim() || 3000}`;
const adminToken = process.env["ADMIN_TOKEN"]?.trim() ?? "";
const client = createQueueClient({ url, adminToken });

const followHint = "Follow it with: npx pr-capture status --watch";
const jsonHint = "print the result as JSON";

/** The commands that need no ADMIN_TOKEN. */
const withoutToken = ["completion", "doctor", "migrate", "webhook"];

const program = new Command("pr-capture")
  .description("Backfill, inspect and repair what a pr-capture server captures.")
  .version(packageJson.version)
  .option("--json", jsonHint)
  .hook("preAction", (_, command) => {
    if (unreadable) throw unreadable;
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new SetupError(
        `PR_CAPTURE_URL must be an http or https URL such as https://prs.example.com, but is ${url}.`,
      );
    if (/[^ -~]/.test(adminToken))
      throw new SetupError("ADMIN_TOKEN has characters that no token has. Set it to the server's.");
    if (!adminToken && !withoutToken.includes(command.name()))
      throw new QueueApiError("ADMIN_TOKEN is not set. Set it in .env to the server's ADMIN_TOKEN.", null);
  })
  .addHelpText(
    "after",
    `
Examples:
  $ npx pr-capture doctor
  $ npx pr-capture backfill owner/name --days 30
  $ npx pr-capture backfill owner/name --all
  $ npx pr-capture analyze owner/name
  $ npx pr-capture fix owner/name
  $ npx pr-capture capture owner/name 42
  $ npx pr-capture jobs --state failed --json | jq '.[].error.message'
  $ source <(npx pr-capture completion bash)

Environment, also read from .env:
  PR_CAPTURE_URL  the server, http://localhost:3000 by default
  ADMIN_TOKEN     the server's ADMIN_TOKEN
  NO_COLOR        any value: no colors`,
  );

program
  .command("analyze")
  .description("compare the rows of a repository, or of all, with GitHub's last inventory")
  .argument("[owner/name]")
  .addHelpText("after", toExamples("analyze", "analyze owner/name", "analyze --json"))
  .action(async (repository?: string) => {
    const analysis = await client.analyze(repository);
    print(analysis, () => formatAnalysis(analysis, currentScreen()));
  });

followed(program.command("backfill"))
  .description("capture a repository's history")
  .argument("<owner/name>")
  .option(
    "--days <n>",
    "pull requests updated in the last n days (default: the server's BACKFILL_DAYS)",
    toNumber,
  )
  .option("--all", "all pull requests")
  .addHelpText("after", toExamples("backfill owner/name --days 30", "backfill owner/name --all --no-watch"))
  .action(async (repository: string, options: { days?: number; all?: true; watch: boolean }) => {
    const { days, all, watch } = options;
    if (days !== undefined && all) program.error("Choose one of --days and --all.");
    const answer = await client.queueBackfill(repository, { ...(days && { days }), ...(all && { all }) });
    const sentence =
      answer.queued > 0
        ? `Queued the backfill of ${repository}.`
        : `A backfill of ${repository} that goes back as far is already queued or running.`;
    if (!watch || !answer.job) return print(answer, () => `${sentence} ${followHint}`);
    announce(sentence);
    conclude(await watchBackfill(client, answer.job));
  });

followed(program.command("fix"))
  .description("close the gaps of a repository, and capture nothing else")
  .argument("<owner/name>")
  .addHelpText("after", toExamples("fix owner/name", "fix owner/name --no-watch"))
  .action(async (repository: string, { watch }: { watch: boolean }) => {
    const before = await client.analyze(repository, 0);
    const gaps = countGaps(before.total);
    const { queued } = await client.fixGaps({ repository });
    if (gaps === 0) return print(watch ? before : { queued, gaps }, () => `${repository} has no gaps.`);
    const sentence =
      queued > 0
        ? `Queued ${plural(queued, "capture")} for ${plural(gaps, "gap")} of ${repository}.`
        : `The captures of its ${plural(gaps, "gap")} are already queued.`;
    if (!watch) return print({ queued, gaps }, () => `${sentence} ${followHint}`);
    announce(sentence);
    conclude(await watchFix(client, repository, gaps));
  });

followed(program.command("capture").alias("pull-request"))
  .description("capture one pull request again")
  .argument("<owner/name>")
  .argument("[number]", "the pull request's number")
  .addHelpText(
    "after",
    toExamples(
      "capture owner/name 42",
      "capture owner/name#42",
      "capture https://github.com/owner/name/pull/42",
      "capture owner/name 42 --no-watch",
    ),
  )
  .action(
    async (target: string, given: string | undefined, { watch }: { watch: boolean }, command: Command) => {
      const { repository, number } = parsePullRequest(target, given, command);
      const after = (await client.listJobs({ limit: 1 }))[0]?.id ?? 0;
      const { queued } = await client.queuePullRequest(repository, number);
      const sentence =
        queued > 0
          ? `Queued ${plural(queued, "capture")} of ${repository}#${number}.`
          : `${repository}#${number} is already queued.`;
      if (!watch) return print({ queued }, () => `${sentence} ${followHint}`);
      announce(sentence);
      conclude(await watchCapture(client, { repository, number, after }));
    },
  );

program
  .command("reconcile")
  .description("look for lost changes now")
  .addHelpText(
    "after",
    `
Redelivers failed webhooks of the last three days, and takes a complete inventory of every repository, which
finds deletions too. The inventory costs one or two GraphQL points for 100 pull requests. Both also run on timers.
${toExamples("reconcile")}`,
  )
  .action(async () => {
    const answer = await client.reconcile();
    print(
      answer,
      () =>
        `Started to read GitHub's delivery log and to take a complete inventory of every repository. ${followHint}`,
    );
  });

program
  .command("status")
  .description("count the captures in each state")
  .option("--watch", "wait until nothing is pending, processing or retrying")
  .addHelpText("after", toExamples("status", "status --watch"))
  .action(async ({ watch }: { watch?: true }) => {
    const first = await client.getStats();
    if (watch) explainInterrupt();
    const stats = watch ? await watchStatus(client, first) : first;
    print(stats, () => formatStats(stats));
  });

addJobCommands(program, { client, print, followHint, toExamples });

program
  .command("sql")
  .description("run a read-only query, for at most 5 seconds")
  .argument("<query>")
  .option("--csv", "print the rows as CSV")
  .option("--limit <n>", "the most rows to print", toNumber, 1000)
  .addHelpText(
    "after",
    toExamples(
      "sql \"select number, title from github.pull_requests where state = 'open'\"",
      'sql "select * from github.reviews" --csv --limit 10000',
    ),
  )
  .action(async (query: string, { csv, limit }: { csv?: true; limit: number }) => {
    const answer = await client.runSql(query, limit);
    print(answer, () => (csv ? toCsv(answer) : formatRows(answer)));
  });

addSetupCommands(program, { client, url, environment: process.env, print, announce, conclude, toExamples });
addMigrateCommand(program, { databaseUrl: process.env["DATABASE_URL"]?.trim(), print, toExamples });

for (const command of program.commands) {
  // --json may come before or after the command.
  if (command.name() !== "completion") command.option("--json", jsonHint);
  explainUsage(command, `See: npx pr-capture help ${command.name()}`);
}
explainUsage(program, "See: npx pr-capture help");

try {
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (!(error instanceof QueueApiError || error instanceof SetupError)) throw error;
  const message = printable(toSentence(error));
  console.error(wantsJson() ? JSON.stringify({ error: message }) : message);
  process.exitCode = 1;
}

function tryToLoadEnvironment(): SetupError | null {
  try {
    loadEnvironmentFile(process.env);
    return null;
  } catch (error) {
    if (error instanceof SetupError) return error;
    throw error;
  }
}

function toSentence(error: QueueApiError | SetupError): string {
  const { message } = error;
  if (!(error instanceof QueueApiError) || !adminToken) return message;
  if (error.status === null) return `${message} Start the server with npm start, or set PR_CAPTURE_URL.`;
  if (error.status === 401)
    return `The server at ${url} does not accept this ADMIN_TOKEN. Set it to the server's, in .env or in the environment.`;
  return message;
}

/** Reports wrong arguments like other errors, followed by a hint. Options are not parsed yet, so `--json` is looked up in `process.argv`. */
function explainUsage(command: Command, hint: string): void {
  command.configureOutput({
    outputError: (text, write) => {
      const fault = text
        .replace(/^error: /, "")
        .trim()
        .replace(/\n\(?/, ". ")
        .replace(/\?\)$/, "?");
      const sentence = `${fault.slice(0, 1).toUpperCase()}${fault.slice(1)}`.replace(/[^.?!]$/, "$&.");
      const message = `${sentence} ${hint}`;
      write(`${process.argv.includes("--json") ? JSON.stringify({ error: message }) : message}\n`);
    },
  });
}

/** Adds the options of a command that queues work and follows it to its end. */
function followed(command: Command): Command {
  return command
    .option("--no-watch", "return when the work is queued")
    .addOption(new Option("--watch").default(true).hideHelp());
}

/** Makes Ctrl-C stop only the following, and say that the work goes on. */
function explainInterrupt(): void {
  process.once("SIGINT", () => {
    const line = process.stderr.isTTY ? "\n" : ""; // below the progress bar
    console.error(
      `${line}Stopped following. The server goes on with the work: npx pr-capture status --watch follows it again.`,
    );
    process.exit(130);
  });
}

/** Prints what the command follows from now on. With --json, only the final answer is printed. */
function announce(sentence: string): void {
  explainInterrupt();
  if (!wantsJson()) console.log(sentence);
}

/** Prints the outcome and sets the exit code. */
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

function toExamples(...commands: string[]): string {
  return ["\nExamples:", ...commands.map((command) => `  $ npx pr-capture ${command}`)].join("\n");
}
