import type { GitHubFile } from "./github-objects.ts";
import type { FileRow } from "./rows.ts";

export function toFile(file: GitHubFile): FileRow {
  return {
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.changes,
    previous_filename: file.previous_filename,
  };
}

/**
 * The head that files were listed for, which GitHub tells only in the `ref` of their `contents_url`. A removed file's names the commit that
 * still had it, so it tells nothing. Null where none does.
 */
export function headOf(files: readonly GitHubFile[]): string | null {
  const file = files.find(({ status }) => status !== "removed");
  return file ? new URL(file.contents_url, "https://api.github.com").searchParams.get("ref") : null;
}
