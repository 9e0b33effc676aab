import { LaggingReplicaError } from "../../github/errors.ts";
import { listFiles, maxListedFiles } from "../../github/list-files.ts";
import type { FileRow } from "../../records/rows.ts";
import { headOf, toFile } from "../../records/to-file.ts";
import { replaceFiles } from "../../store/pull-requests.ts";
import {
  askGitHub,
  toContext,
  type CaptureDependencies,
  type CaptureRun,
  type StepTools,
} from "./capture.ts";

/** The head and base whose files are missing, and how many GitHub counts. */
interface MissingFiles {
  head_sha: string;
  base_ref: string;
  changed_files: number;
}

/**
 * Lists all files, each page in a step of its own, and replaces the captured ones at the end. False when GitHub listed another
 * head's files, or the pull request got another head meanwhile: nothing was written.
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
  ): Promise<boolean> {
    const context = toContext(run, { observedAt: date, source: "fetch", requests });
    const truncated = missing.changed_files > maxListedFiles;
    return replaceFiles(store, context, number, { head_sha, base_ref: missing.base_ref, files, truncated });
  }

  if (missing.changed_files === 0) {
    return step.run(`store-no-files-${round}`, () =>
      replace([], missing.head_sha, new Date().toISOString(), 0),
    );
  }

  const files: FileRow[] = [];
  let head: string | undefined;
  for (let page = 1; ; page++) {
    const listed = await step.run(`list-files-${round}-page-${page}`, async () => {
      const { data, date, hasMore } = await askGitHub(github, run, async (client, target) => {
        const answer = await listFiles(client, target, page);
        if (page === 1 && answer.data.length === 0)
          throw new LaggingReplicaError("GitHub has not made the file list yet.");
        return answer;
      });
      const rows = data.map(toFile);
      const listedHead = headOf(data) ?? missing.head_sha;
      if (page === 1 && !hasMore) return { replaced: await replace(rows, listedHead, date, 1) };
      return { rows, head: listedHead, date, hasMore };
    });
    if ("replaced" in listed) return listed.replaced;
    if (head && head !== listed.head) return false; // pushed to between two pages
    head = listed.head;
    files.push(...listed.rows);
    if (!listed.hasMore) {
      return step.run(`store-files-${round}`, () => replace(files, listed.head, listed.date, page));
    }
  }
}
