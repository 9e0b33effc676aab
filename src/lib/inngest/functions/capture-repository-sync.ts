import type { Budget } from "../../github/budget.ts";
import { listRepositoryReviewComments } from "../../github/list-comments.ts";
import { listFiles } from "../../github/list-files.ts";
import { listMore } from "../../github/list-more.ts";
import { listPullRequests } from "../../github/list-pull-requests.ts";
import { isTooMuchAtOnce } from "../../github/to-inngest-error.ts";
import type { FileRow } from "../../records/rows.ts";
import { toFile } from "../../records/to-file.ts";
import { beginJob } from "../../store/jobs.ts";
import { finishSync, mergeSync } from "../../store/sync.ts";
import { repositorySync, type RepositorySyncData } from "../events.ts";
import {
  askGitHub,
  installationLimit,
  onCaptureFailure,
  priorityByUrgency,
  toContext,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
} from "./capture.ts";
import { toReviewCommentItems, toSyncPage, toTailsPage, type Renamed, type Tail } from "./sync-page.ts";

/** Pull requests in one query: begun with, grown by after each success, and at most; halved when GitHub finds it too much. */
const pageSize = { first: 50, growth: 10, most: 100 };

/** Lists that go on are asked for together, so many in one query. */
const tailsAtOnce = 20;

/** A run has at most 1,000 steps; what is left for the tails of the last page and the end. https://www.inngest.com/docs/usage-limits/inngest */
const maxSteps = 800;

export type SyncDependencies = CaptureDependencies & {
  /** The share of an installation's budget that is left to live captures, 0 to 1. */
  budgetReserve: number;
};

type Run = CaptureRun<RepositorySyncData>;

/**
 * Captures a repository's history: all its pull requests, or those changed since a moment, from pages of many. First the review
 * comments, by REST for the whole repository; then the pull requests with the rest, by GraphQL; then what their pages had no room for.
 * Every page is a step, so nothing that was read is read twice.
 */
export function createCaptureRepositorySync({ inngest, store, github, budgetReserve }: SyncDependencies) {
  /** The moment until which the rest of the budget is left to live captures; null while there is enough. */
  function waitFor(budget: Budget | null): string | null {
    return budget && budget.remaining < budget.limit * budgetReserve ? budget.resetAt : null;
  }

  async function captureReviewComments(run: Run, page: number) {
    const { since } = run.event.data;
    const { data, date, hasMore, budget } = await askGitHub(github, run, (client, { repository }) =>
      listRepositoryReviewComments(client, repository, { since, page }),
    );
    const accounts = data.map((comment) => comment.user);
    const context = toContext(run, { observedAt: date, source: "fetch", accounts, requests: 1 });
    if (data.length > 0) await mergeSync(store, context, toReviewCommentItems(data));
    return { date, hasMore, waitUntil: waitFor(budget) };
  }

  /** Null when GitHub found it too much at once. */
  async function capturePullRequests(run: Run, page: { first: number; after: string | null }, done: number) {
    const { since } = run.event.data;
    const answer = await askGitHub(github, run, async (client, { repository }) => {
      try {
        return await listPullRequests(client, repository, page);
      } catch (error) {
        if (page.first > 1 && isTooMuchAtOnce(error)) return null;
        throw error;
      }
    });
    if (!answer) return null;
    const { total, date, points, budget } = answer;
    const changed = answer.pullRequests.filter(
      ({ updatedAt }) => !since || Date.parse(updatedAt) >= Date.parse(since),
    );
    const isPastSince = changed.length < answer.pullRequests.length;
    const { items, accounts, tails, renamed } = toSyncPage(changed, date);
    const walked = done + changed.length;
    const context = toContext(run, { observedAt: date, source: "fetch", accounts, points });
    const missing = await mergeSync(store, context, items, { done: walked, total: since ? null : total });
    return {
      cursor: isPastSince ? null : answer.cursor,
      done: walked,
      counted: { pull_requests: total, counted_at: date },
      tails: tails.filter(({ list, number }) => list !== "files" || missing.includes(number)),
      renamed: renamed.filter(({ number }) => missing.includes(number)),
      waitUntil: waitFor(budget),
    };
  }

  async function captureTails(run: Run, tails: readonly Tail[]) {
    const answer = await askGitHub(github, run, (client) => listMore(client, tails));
    const { items, accounts, ...left } = toTailsPage(tails, answer.lists, answer.date);
    const context = toContext(run, {
      observedAt: answer.date,
      source: "fetch",
      accounts,
      points: answer.points,
    });
    await mergeSync(store, context, items);
    return { ...left, waitUntil: waitFor(answer.budget) };
  }

  /** Returns the rows while there are more pages; at the end it stores them all. */
  async function captureRenamed(run: Run, { number, head }: Renamed, read: readonly FileRow[], page: number) {
    const { data, date, hasMore } = await askGitHub(github, run, (client, { repository }) =>
      listFiles(client, { repository, number }, page),
    );
    const rows = data.map(toFile);
    const context = toContext(run, { observedAt: date, source: "fetch", requests: 1 });
    const { changed_files, ...of } = head;
    const files = { ...of, files: [...read, ...rows], truncated: changed_files > read.length + rows.length };
    await mergeSync(store, context, hasMore ? [] : [{ number, files }]);
    return hasMore ? rows : null;
  }

  return inngest.createFunction(
    {
      id: "capture-repository-sync",
      retries: 8,
      concurrency: [{ key: installationLimit.key, limit: 3 }, installationLimit],
      priority: priorityByUrgency,
      triggers: [repositorySync],
      onFailure: onCaptureFailure(store),
    },
    async ({ event, runId, attempt, step }) => {
      const { since, from } = event.data;
      const run: Run = { event: { ...event, id: from?.job ?? event.id ?? runId }, runId, attempt };
      let steps = 0;
      let waits = 0;
      const waitUntil = async (moment: string | null) => {
        if (moment) await step.sleepUntil(`wait-for-budget-${++waits}`, moment);
      };

      if (!from) {
        const begun = await step.run("begin-job", () => beginJob(store, toUnobservedContext(run)));
        if (begun === "cancelled") return;
      }
      let position = from ?? {
        job: run.event.id ?? runId,
        beganAt: "",
        stage: "review-comments" as const,
        page: 1,
        cursor: null,
        pageSize: pageSize.first,
        done: 0,
      };

      const goOn = () =>
        step.sendEvent("go-on-in-another-run", {
          ...repositorySync.create({ ...event.data, from: position }),
          id: `${position.job}:${position.stage}:${position.page}:${position.cursor ?? ""}`,
        });

      for (let more = position.stage === "review-comments"; more;) {
        if (++steps > maxSteps) return goOn();
        const { page } = position;
        const listed = await step.run(`capture-review-comments-page-${page}`, () =>
          captureReviewComments(run, page),
        );
        position = { ...position, page: page + 1, beganAt: position.beganAt || listed.date };
        more = listed.hasMore;
        await waitUntil(listed.waitUntil);
      }

      let counted = { pull_requests: 0, counted_at: position.beganAt };
      let tails: Tail[] = [];
      for (let more = true, query = 1; more; query++) {
        if (steps > maxSteps) return goOn();
        position = { ...position, stage: "pull-requests" };
        const { cursor: after, pageSize: first, done } = position;
        steps++;
        const listed = await step.run(`capture-pull-requests-${query}`, () =>
          capturePullRequests(run, { first, after }, done),
        );
        if (!listed) {
          position = { ...position, pageSize: Math.ceil(first / 2) };
          continue;
        }
        counted = listed.counted;
        more = listed.cursor !== null;
        const next = Math.min(first + pageSize.growth, pageSize.most);
        await waitUntil(listed.waitUntil);

        // Before a run hands over to another, and at the end, nothing may be left; else only what fills a query is asked for.
        tails.push(...listed.tails);
        const renamed = [...listed.renamed];
        const least = more && steps < maxSteps ? tailsAtOnce : 1;
        for (let round = 1; tails.length >= least; round++) {
          const asked = tails.slice(0, tailsAtOnce);
          steps++;
          const answer = await step.run(`capture-tails-${query}-${round}`, () => captureTails(run, asked));
          tails = [...tails.slice(tailsAtOnce), ...answer.tails];
          renamed.push(...answer.renamed);
          await waitUntil(answer.waitUntil);
        }
        for (const each of renamed) {
          const files: FileRow[] = [];
          for (let page = 1; ; page++) {
            steps++;
            const rows = await step.run(`capture-renamed-files-of-${each.number}-page-${page}`, () =>
              captureRenamed(run, each, files, page),
            );
            if (!rows) break;
            files.push(...rows);
          }
        }
        position = { ...position, cursor: listed.cursor, pageSize: next, done: listed.done };
      }

      const { beganAt } = position;
      await step.run("finish-sync", () =>
        finishSync(store, toContext(run, { observedAt: beganAt, source: "fetch" }), {
          began_at: beganAt,
          complete: since === undefined,
          ...counted,
        }),
      );
    },
  );
}
