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

/**
 * Lists all files, each page in a step of its own, and then replaces the captured ones. False if GitHub listed the files of another head, or the
 * head moved meanwhile: nothing was written.
 */
export async function captureFiles(
  { store, github }: Pick<CaptureDependencies, "store" | "github">,
  step: StepTools,
  run: CaptureRun,
  missing: MissingFiles,
  round: number,
): Promise<boolean> {
  const { number } = run.event.data;

  async function replace(
    files: FileRow[],
    head_sha: string,
    date: string,
    requests: number,
    unreadable: readonly string[],
  ): Promise<Replaced> {
    const context = toContext(run, { observedAt: date, source: "fetch", requests });
    const truncated = missing.changed_files > maxListedFiles;
    const list = { head_sha, base_ref: missing.base_ref, truncated };
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

  if (missing.changed_files === 0) {
    return conclude(
      await step.run(`store-no-files-${round}`, () =>
        replace([], missing.head_sha, new Date(github.now()).toISOString(), 0, []),
      ),
    );
  }

  const files: FileRow[] = [];
  const unreadable: string[] = [];
  let head: string | undefined;
  let requests = 0;
  let position: ListPosition | null = listStart;
  for (let page = 1; position; page++) {
    const from: ListPosition = position;
    const listed: ListedFiles = await step.run(`list-files-${round}-page-${page}`, async () => {
      const answered = await askGitHub(github, run, async (client, target) => {
        const answer = await readPage(client, filesListing(target), from, run.attempt);
        if (page === 1 && answer.data.length === 0 && answer.unreadable.length === 0)
          throw new LaggingReplicaError("GitHub has not created the file list yet.");
        return answer;
      });
      const { data, date, next } = answered;
      const rows = data.map(toFile);
      const listedHead = headOf(data) ?? head ?? missing.head_sha;
      const problems = answered.unreadable.map(({ message }) => message);
      if (page === 1 && !next)
        return { replaced: await replace(rows, listedHead, date, answered.requests, problems) };
      retryWhileNew(problems, run);
      return { rows, head: listedHead, date, next, requests: answered.requests, problems };
    });
    if ("replaced" in listed) return conclude(listed.replaced);
    if (head && head !== listed.head) return false; // pushed to between two pages
    head = listed.head;
    files.push(...listed.rows);
    unreadable.push(...listed.problems);
    requests += listed.requests;
    position = listed.next;
    if (!position) {
      return conclude(
        await step.run(`store-files-${round}`, () =>
          replace(files, listed.head, listed.date, requests, unreadable),
        ),
      );
    }
  }
  return false;
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

type ListedFiles =
  | { replaced: Replaced }
  | {
      rows: FileRow[];
      head: string;
      date: string;
      next: ListPosition | null;
      requests: number;
      problems: string[];
    };
