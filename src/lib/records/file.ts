import { z } from "zod";
import { absentIfNull, count, text, type KnownColumns } from "./values.ts";

/** An item of REST's `pulls/{number}/files`. `contents_url` contains the head for which it was listed. */
export const fileSchema = z.object({
  filename: text,
  status: absentIfNull(z.enum(["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"])),
  additions: absentIfNull(count),
  deletions: absentIfNull(count),
  changes: absentIfNull(count),
  previous_filename: text.nullish(),
  contents_url: absentIfNull(text),
});

export type GitHubFile = z.output<typeof fileSchema>;

export function toFile(file: GitHubFile) {
  return {
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.changes,
    previous_filename: file.previous_filename ?? (canHavePreviousFilename(file) ? undefined : null),
  };
}

/** True for a moved file, and for one whose status is unknown. */
function canHavePreviousFilename({ status }: GitHubFile): boolean {
  return status === undefined || status === "renamed" || status === "copied";
}

/**
 * Returns the head for which files were listed, or null. GitHub names it only in the `ref` of `contents_url`. A removed file's `ref` is an
 * earlier commit that still had the file.
 */
export function headOf(files: readonly GitHubFile[]): string | null {
  const url = files.find(
    ({ status, contents_url }) => status && status !== "removed" && contents_url,
  )?.contents_url;
  return url ? new URL(url, "https://api.github.com").searchParams.get("ref") : null;
}

export type FileRow = KnownColumns<
  Omit<ReturnType<typeof toFile>, "status"> & { status: string | undefined },
  "filename"
>;
