import { LaggingReplicaError } from "../../github/errors.ts";
import { filesListing, maxListedFiles } from "../../github/list-files.ts";
import { listStart, readPage, type ListPosition } from "../../github/read-page.ts";
import { type FileRow, headOf, toFile } from "../../records/file.ts";
import { storeInParts } from "../../store/store-in-parts.ts";
import { retryWhileNew, throwFailures } from "./capture-listing.ts";
import { replaceFiles } from "../../store/pull-requests.ts";
import {
  askGitHub,
  toContext,
  type CaptureDependencies,
  type CaptureRun,
  type StepTools,
} from "./capture.ts";

/** The head and base whose files are missing, and GitHub's count. */
interface MissingFiles {
  head_sha: string;
  base_ref: string;
  changed_files: number;
}

/** Captures files. Each page is listed in a step; a list of one page is also stored in it. */
export function createCaptureFiles({ store, github }: Pick<CaptureDependencies, "store" | "github">) {
  async function replace(
    run: CaptureRun,
    missing: MissingFiles,
    files: FileRow[],
    {
      head,
      date,
      requests,
      problems: unreadable,
    }: Pick<ListedPage, "head" | "date" | "requests" | "problems">,
  ): Promise<Replaced> {
    const { number } = run.event.data;
    const context = toContext(run, { observedAt: date, source: "fetch", requests });
    const truncated = missing.changed_files > maxListedFiles;
    const list = { head_sha: head, base_ref: missing.base_ref, truncated };
    const { results, refused } = await storeInParts(files, (part, isFirst) =>
      replaceFiles(store, isFirst ? context : toContext(run, { observedAt: date, source: "fetch" }), number, {
        ...list,
        files: part,
        append: !isFirst,
        partial: unreadable.length > 0 || part.length < files.length,
      }),
    );
    const unstorable = refused.map(
      ({ item, error }) => `GitHub's file ${item.filename} cannot be stored: ${error.message}`,
    );
    const problems = [...unreadable, ...unstorable];
    retryWhileNew(problems, run);
    return { replaced: results.every(Boolean), problems };
  }

  async function listPage(
    run: CaptureRun,
    missing: MissingFiles,
    position: ListPosition,
    knownHead: string | undefined,
  ): Promise<ListedPage> {
    const { data, date, next, requests, unreadable } = await askGitHub(
      github,
      run,
      async (client, target) => {
        const answer = await readPage(client, filesListing(target), position, run.attempt);
        if (position === listStart && answer.data.length === 0 && answer.unreadable.length === 0)
          throw new LaggingReplicaError("GitHub has not created the file list yet.");
        return answer;
      },
    );
    return {
      rows: data.map(toFile),
      head: headOf(data) ?? knownHead ?? missing.head_sha,
      date,
      next,
      requests,
      problems: unreadable.map(({ message }) => message),
    };
  }

  /** Lists the first page, and stores it if there are no others. It is a part of a step. */
  async function captureFirst(run: CaptureRun, missing: MissingFiles): Promise<FirstFiles> {
    if (missing.changed_files === 0) {
      const none = {
        head: missing.head_sha,
        date: new Date(github.now()).toISOString(),
        requests: 0,
        problems: [],
      };
      return { replaced: await replace(run, missing, [], none) };
    }
    const listed = await listPage(run, missing, listStart, undefined);
    if (!listed.next) return { replaced: await replace(run, missing, listed.rows, listed) };
    retryWhileNew(listed.problems, run);
    return listed;
  }

  /**
   * Lists the other pages, and then replaces the captured files. False if GitHub listed the files of another head, or the head moved meanwhile:
   * nothing was written.
   */
  async function captureOthers(
    step: StepTools,
    run: CaptureRun,
    missing: MissingFiles,
    round: number,
    first: FirstFiles,
  ): Promise<boolean> {
    if ("replaced" in first) return conclude(first.replaced);
    const pages = [first];
    let last = first;
    while (last.next) {
      const { next: position, head } = last;
      last = await step.run(`list-files-${round}-page-${pages.length + 1}`, async () => {
        const listed = await listPage(run, missing, position, head);
        retryWhileNew(listed.problems, run);
        return listed;
      });
      if (last.head !== head) return false; // pushed to between two pages
      pages.push(last);
    }
    return conclude(
      await step.run(`store-files-${round}`, () =>
        replace(
          run,
          missing,
          pages.flatMap(({ rows }) => rows),
          {
            ...last,
            requests: pages.reduce((total, { requests }) => total + requests, 0),
            problems: pages.flatMap(({ problems }) => problems),
          },
        ),
      ),
    );
  }

  return { captureFirst, captureOthers };
}

/** Fails the run after all other files are stored. */
function conclude({ replaced, problems }: Replaced): boolean {
  if (replaced) throwFailures([], problems);
  return replaced;
}

interface Replaced {
  replaced: boolean;
  problems: string[];
}

interface ListedPage {
  rows: FileRow[];
  head: string;
  date: string;
  next: ListPosition | null;
  requests: number;
  problems: string[];
}

/** The first page of several, or the result of storing all files. */
export type FirstFiles = ListedPage | { replaced: Replaced };
