import { exampleOf, examplesOf, type ExamplePayload } from "./webhook-examples.ts";

export type Path = string[];

/** The objects that a payload is about. They have the ids, so no payload lacks them. */
const subjects = new Set([
  "pull_request",
  "review",
  "comment",
  "issue",
  "thread",
  "repository",
  "installation",
  "label",
  "milestone",
]);

/** True for a field that every payload has: the action, ids, keys and clocks. */
function isNeeded(path: Path, value: unknown): boolean {
  const key = path.at(-1) ?? "";
  if (path.length === 1) return subjects.has(key) || key === "action" || key === "updated_at";
  if (key === "pull_request" && path[0] === "issue") return true; // marks the issue as a pull request
  return key === "id" || key === "number" || isMoment(key, value);
}

const isMoment = (key: string, value: unknown) =>
  key.endsWith("_at") && (value !== null || key === "created_at" || key === "updated_at");

/** The paths of all fields and list items that a payload can lack. */
export function optionalPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => [
    ...(isNeeded([...path, key], each) ? [] : [[...path, key]]),
    ...optionalPaths(each, [...path, key]),
  ]);
}

/** Removes the field or, with `asNull`, sets it to null. A list item can only be set to null. */
export function withoutField(payload: ExamplePayload, path: Path, asNull: boolean): ExamplePayload {
  const changed = structuredClone(payload);
  const [last = "", parent] = [path.at(-1), at(changed, path.slice(0, -1))];
  if (typeof parent !== "object" || parent === null) return changed;
  if (asNull || Array.isArray(parent)) Reflect.set(parent, last, null);
  else Reflect.deleteProperty(parent, last);
  return changed;
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((each, key) => (each ? Reflect.get(Object(each), key) : undefined), value);
}

/** Adds the seconds to every time in the payload, which makes it newer. */
export function later<Value>(value: Value, seconds: number, key = ""): Value {
  if (typeof value === "string" && key.endsWith("_at")) {
    return new Date(Date.parse(value) + seconds * 1000).toISOString() as Value;
  }
  if (typeof value === "number" && key.endsWith("_at")) return (value + seconds) as Value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => later(each, seconds, key)) as Value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, each]) => [inner, later(each, seconds, inner)]),
  ) as Value;
}

/** Makes an example's issue a pull request. GitHub has no example of a comment on one. */
const onPullRequest = (payload: ExamplePayload): ExamplePayload => ({
  ...payload,
  issue: { ...payload["issue"], pull_request: { url: "https://api.github.com/x", merged_at: null } },
});

/** GitHub publishes no example. https://docs.github.com/webhooks/webhook-events-and-payloads#installation_target */
const accountRenamed: ExamplePayload = {
  action: "renamed",
  account: { id: 6412, login: "umbrella", type: "Organization" },
  changes: { login: { from: "acme" } },
  installation: { id: 51 },
  target_type: "Organization",
};

/** GitHub's examples of every captured webhook. */
export const webhookExamples: [string, ExamplePayload[]][] = [
  ["pull_request", examplesOf("pull_request")],
  ["pull_request_review", examplesOf("pull_request_review")],
  ["pull_request_review_comment", examplesOf("pull_request_review_comment")],
  ["pull_request_review_thread", examplesOf("pull_request_review_thread")],
  ["issue_comment", examplesOf("issue_comment").map(onPullRequest)],
  ["installation", examplesOf("installation")],
  ["installation_repositories", examplesOf("installation_repositories")],
  ["repository", examplesOf("repository")],
  [
    "label",
    [
      { ...exampleOf("label", "edited"), changes: { name: { from: "defect" } } },
      exampleOf("label", "deleted"),
    ],
  ],
  ["milestone", examplesOf("milestone")],
  ["installation_target", [accountRenamed]],
];
