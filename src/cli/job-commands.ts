import { Option, type Command } from "commander";
import type { JobFilter } from "../api/console-contract.ts";
import { jobStateSchema, reasonSchema } from "../api/contract.ts";
import type { QueueClient } from "../client/queue-client.ts";
import { toNumber } from "./arguments.ts";
import { formatFailures, formatJobs, plural } from "./format.ts";
import { currentScreen } from "./terminal.ts";

export interface JobCommandTools {
  client: QueueClient;
  print: (answer: unknown, sentence: () => string) => void;
  /** The sentence that says how to follow queued work. */
  followHint: string;
  toExamples: (...commands: string[]) => string;
}

/** Adds the commands about single captures and their failures: jobs, failures, cancel and replay. */
export function addJobCommands(
  program: Command,
  { client, print, followHint, toExamples }: JobCommandTools,
): void {
  program
    .command("jobs")
    .description("list the newest jobs")
    .addOption(new Option("--state <state>", "only jobs in this state").choices(jobStateSchema.options))
    .option("--repository <owner/name>", "only jobs of this repository")
    .option("--function <event>", "only jobs of this event, such as capture/pr.details")
    .addOption(new Option("--reason <reason>", "only jobs for this reason").choices(reasonSchema.options))
    .option("--text <text>", "only jobs with this text in the pull request, the event's id or the error")
    .option("--before <id>", "only jobs before this id", toNumber)
    .option("--limit <n>", "the most jobs to list", toNumber, 20)
    .addHelpText(
      "after",
      toExamples("jobs --state failed", "jobs --repository owner/name --text 502", "jobs --limit 100 --json"),
    )
    .action(async (options: JobFilter & { before?: number; limit: number }) => {
      const jobs = await client.listJobs(options);
      print(jobs, () => formatJobs(jobs, currentScreen()));
    });

  program
    .command("failures")
    .description("group failed and retrying jobs by their error")
    .addHelpText("after", toExamples("failures"))
    .action(async () => {
      const failures = await client.listFailures();
      print(failures, () => formatFailures(failures, currentScreen()));
    });

  program
    .command("cancel")
    .description("cancel an unfinished job")
    .argument("<id>", "the id that jobs shows", toNumber)
    .addHelpText("after", toExamples("cancel 7"))
    .action(async (id: number) => {
      const answer = await client.cancelJob(id);
      print(answer, () =>
        answer.cancelled === 1 ? `Job ${id} is cancelled.` : `Job ${id} has ended already.`,
      );
    });

  program
    .command("replay")
    .description("run failed jobs again: one, those with one error, or all")
    .argument("[id]", "the id that jobs shows", toNumber)
    .option("--failure <key>", "all with this error: the key that failures shows")
    .option("--all", "all failed jobs")
    .addHelpText("after", toExamples("replay 7", "replay --failure 0f8b…", "replay --all"))
    .action(async (id: number | undefined, { failure, all }: { failure?: string; all?: true }) => {
      if ([id, failure, all].filter((given) => given !== undefined).length !== 1)
        program.error("Choose one of an id, --failure and --all.");
      if (id === undefined) {
        const answer = await client.replayMany(failure === undefined ? {} : { failure });
        return print(answer, () => {
          if (answer.replayed === 0)
            return failure === undefined
              ? "No job has failed."
              : `No failed job has the error ${failure}. List them with: npx pr-capture failures`;
          return `${plural(answer.replayed, "failed job")} ${answer.replayed === 1 ? "runs" : "run"} again. ${followHint}`;
        });
      }
      const replayed = await client.replay(id);
      print(replayed, () => `Job ${id} runs again. ${followHint}`);
    });
}
