import { getTitles, listTitles } from "../../github/list-titles.ts";
import { LaggingReplicaError } from "../../github/errors.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { Title } from "../../store/repository-types.ts";
import { compareTitles, mergeTitles } from "../../store/titles.ts";
import { titlesChanged, type CaptureEvent, type TitlesChangedData } from "../events.ts";
import {
  sleepUntilSecondIsOver,
  askGitHub,
  toInstallationLimit,
  priorityByUrgency,
  replicaWait,
  retries,
  toContext,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { sendFromStep } from "../captures/send-from-step.ts";
import { toTitlesEvents } from "../reconcile/title-events.ts";

type TitlesToFetch = TitlesChangedData["toFetch"];

/** Captures the titles of a repository's labels and milestones, in every pull request that has them. */
export function createCaptureTitles({ inngest, store, github, concurrency }: CaptureDependencies) {
  type Run = CaptureRun<TitlesChangedData>;

  /** Stores the titles of the event. Returns the ambiguous ones; `all` is true if one of them has no id to fetch it by. */
  async function storeObserved(run: Run): Promise<{ ambiguous: TitlesToFetch; all: boolean }> {
    const { observed, toFetch, all = false, fetchedAt } = run.event.data;
    const context = fetchedAt
      ? toContext(run, { observedAt: fetchedAt, source: "fetch" })
      : toUnobservedContext(run);
    const keys = await mergeTitles(store, context, observed.map(toTitle), toFetch.length > 0 || all);
    const ambiguous = observed
      .filter(({ key }) => keys.includes(key))
      .flatMap(({ kind, key, node_id }) => (node_id ? { kind, key, node_id } : []));
    return { ambiguous, all: all || ambiguous.length < keys.length };
  }

  /** Compares all titles of the repository with GitHub's list. Returns events for those that differ. */
  async function compareAll(run: Run): Promise<CaptureEvent[]> {
    const { titles, points } = await askGitHub(github, run, (client, { repository }) =>
      listTitles(client, [repository]),
    );
    const different = await compareTitles(store, titles);
    const observedAt = titles[0]?.fetched_at ?? new Date(github.now()).toISOString();
    await mergeTitles(store, toContext(run, { observedAt, source: "fetch", points }), [], false);
    return different.flatMap((each) => toTitlesEvents(run, each));
  }

  /**
   * Fetches and stores titles. Returns those whose answer may come from a lagging replica; the last answer is final. `continues`: the job has more
   * steps.
   */
  async function fetchTitles(
    run: Run,
    toFetch: TitlesToFetch,
    { isLast, continues }: { isLast: boolean; continues: boolean },
  ): Promise<TitlesToFetch> {
    const { titles, date, points } = await askGitHub(github, run, (client, { repository }) =>
      getTitles(
        client,
        repository,
        toFetch.map(({ node_id }) => node_id),
      ),
    );
    const titleOf = ({ node_id }: TitlesToFetch[number]) => titles?.get(node_id) ?? null;
    const lagging = isLast ? [] : toFetch.filter((each) => mayLag(each, titleOf(each)));
    const answered = titles ? toFetch.filter((each) => !lagging.includes(each)) : [];
    const ambiguous = await mergeTitles(
      store,
      toContext(run, { observedAt: date, source: "fetch", points }),
      answered.map((each) => ({ kind: each.kind, key: each.key, title: titleOf(each), seen_at: date })),
      continues || lagging.length > 0,
    );
    if (ambiguous.length > 0) {
      throw toInngestError(new LaggingReplicaError("GitHub answered with two names within one second."));
    }
    return lagging;
  }

  return inngest.createFunction(
    {
      id: "capture-titles",
      retries,
      priority: priorityByUrgency,
      concurrency: [{ key: "string(event.data.repository.id)", limit: 1 }, toInstallationLimit(concurrency)],
      triggers: [titlesChanged],
    },
    async ({ event, runId, attempt, step }) => {
      const run = { event, runId, attempt };
      const { observed, toFetch } = event.data;
      const { ambiguous, all } = await step.run("store-observed-titles", () => storeObserved(run));
      const clock = observed.find(({ seen_at: at }) => at !== null)?.seen_at;
      if ((ambiguous.length > 0 || all) && clock) {
        await sleepUntilSecondIsOver(step, "wait-for-the-second-to-end", clock, github);
      }
      const wanted = [...toFetch, ...ambiguous];
      if (wanted.length > 0) {
        const lagging = await step.run("fetch-titles", () =>
          fetchTitles(run, wanted, { isLast: false, continues: all }),
        );
        if (lagging.length > 0) {
          await step.sleep("wait-for-replicas", replicaWait);
          await step.run("fetch-titles-again", () =>
            fetchTitles(run, lagging, { isLast: true, continues: all }),
          );
        }
      }
      if (!all) return;
      const events = await step.run("compare-all-titles", () => compareAll(run));
      await sendFromStep(step, "send-titles", events);
    },
  );
}

/** True if the answer has the name before the rename, or, if that is unknown, another name than the payload. */
function mayLag({ previousTitle, payloadTitle }: TitlesToFetch[number], title: string | null): boolean {
  if (previousTitle !== undefined) return title === previousTitle;
  return payloadTitle !== undefined && title !== payloadTitle;
}

function toTitle({ kind, key, title, seen_at }: TitlesChangedData["observed"][number]): Title {
  return { kind, key, title, seen_at };
}
