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

/** The head a listed file belongs to, which GitHub tells only in the `ref` of its `contents_url`. Null where there is none. */
export function headOf(file: GitHubFile): string | null {
  return new URL(file.contents_url, "https://api.github.com").searchParams.get("ref");
}
