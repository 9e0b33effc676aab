import type { Comparison } from "../../api/console-contract.ts";
import type { StoredPullRequest } from "../store/view-types.ts";
import type { ObservedListName, ObservedList, ObservedPullRequest, ObservedRow } from "./read-from-github.ts";

type Difference = Comparison["differences"][number];
type StoredRow = Record<string, unknown>;

/** Columns that are not compared: keys, values that GitHub computes for each reader, ids that answers can lack, and counts of other rows. */
const notCompared = new Set([
  "number",
  "clock",
  "author_association",
  "label_ids",
  "comments",
  "review_comments",
]);

/** Lists the differences between the rows and what GitHub shows. A column that GitHub does not show is unknown, and so no difference. */
export function listDifferences(
  stored: StoredPullRequest | null,
  github: ObservedPullRequest | null,
): Difference[] {
  if (!github || !stored) {
    if (!github && !stored) return [];
    return [toMissing("pull request", stored?.pull_request, github?.pullRequest, "title")];
  }
  const comments = (kind: string) => stored.comments.filter((row) => row["kind"] === kind);
  return [
    ...compareColumns("pull request", stored.pull_request, github.pullRequest),
    ...compareLists("files", stored.files, github.lists),
    ...compareLists("reviews", stored.reviews, github.lists),
    ...compareLists("issue_comments", comments("issue"), github.lists),
    ...compareLists("review_comments", comments("review"), github.lists),
  ];
}

const lists: Record<ObservedListName, { key: string; content: string; toItem: (key: string) => string }> = {
  files: { key: "filename", content: "status", toItem: (filename) => filename },
  reviews: { key: "id", content: "state", toItem: (id) => `review ${id}` },
  issue_comments: { key: "id", content: "body", toItem: (id) => `comment ${id}` },
  review_comments: { key: "id", content: "body", toItem: (id) => `review comment ${id}` },
};

function compareLists(
  name: ObservedListName,
  stored: readonly StoredRow[],
  observed: Record<ObservedListName, ObservedList>,
): Difference[] {
  const { key, content, toItem } = lists[name];
  const { rows, isComplete } = observed[name];
  const captured = new Map(
    stored.filter((row) => !row["deleted_at"]).map((row) => [String(row[key]), row] as const),
  );
  const differences = rows.flatMap((row) => {
    const id = String(row[key]);
    const present = captured.get(id);
    captured.delete(id);
    return present ? compareColumns(toItem(id), present, row) : [toMissing(toItem(id), null, row, content)];
  });
  const excess = isComplete ? [...captured] : [];
  return [...differences, ...excess.map(([id, row]) => toMissing(toItem(id), row, null, content))];
}

/** Describes an item that one side lacks. The other side shows its column `content`. */
function toMissing(
  item: string,
  captured: StoredRow | null | undefined,
  github: ObservedRow | null | undefined,
  content: string,
): Difference {
  const show = (row: Record<string, unknown> | null | undefined) => (row ? (row[content] ?? "") : null);
  return { item, column: null, captured: show(captured), github: show(github) };
}

function compareColumns(item: string, stored: StoredRow, observed: ObservedRow): Difference[] {
  return Object.entries(observed).flatMap(([column, github]) => {
    if (github === undefined || notCompared.has(column)) return [];
    const captured = stored[column] ?? (column === "resolved" ? false : null);
    return toComparable(captured) === toComparable(github) ? [] : [{ item, column, captured, github }];
  });
}

/** Converts a value to text that is equal on both sides. GitHub and Postgres format times differently. */
function toComparable(value: unknown): string {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value))
    return String(Date.parse(value));
  return JSON.stringify(value);
}
