/** Requests of attackers and broken clients, for the benchmark and the test. */
import examples from "@octokit/webhooks-examples" with { type: "json" };
import fc from "fast-check";
import { createHmac, randomUUID } from "node:crypto";
import { listWebhooks } from "../app.ts";
import { paths } from "../http/routes.ts";
import { hostileValue, pathsOf, replaceAt, type Path } from "./hostile-json.ts";
import type { RawRequest } from "./raw-request.ts";
import { webhookSecret } from "./test-config.ts";

export interface HostileRequest extends RawRequest {
  /** The delivery's GUID if it must lead to a capture after a 200. */
  guid: string | null;
  /** Describes the hostile part of the body. */
  about: string;
}

type Headers = RawRequest["headers"];

const webhooks = listWebhooks();
const captured = (examples as unknown as { name: string; examples: object[] }[])
  .filter(({ name }) => [...webhooks].some((webhook) => webhook.startsWith(`${name}.`)))
  .flatMap(({ name, examples: payloads }) => payloads.map((payload) => ({ name, payload })));

/** Keeps the rows of different cases apart. */
const ownNumber = fc.integer({ min: 1, max: 2_000_000_000 });

const payload = fc
  .tuple(fc.constantFrom(...captured), ownNumber)
  .map(([{ name, payload: example }, number]) => ({ name, payload: withNumber(example, number) }))
  .chain(({ name, payload: own }) => {
    const place = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...pathsOf(own, 2).filter(isCaptured)) },
      { weight: 1, arbitrary: fc.constantFrom(...pathsOf(own, 5)) },
    );
    const replacements = fc.array(fc.record({ path: place, by: hostileValue }), {
      minLength: 1,
      maxLength: 3,
    });
    return replacements.map((each) => ({
      name,
      body: Buffer.from(replaceAt(own, each)),
      about: each.map(({ path, by }) => `${path.join(".")} = ${by.slice(0, 60)}`).join(", "),
    }));
  });

/** True for most of the captured fields. */
function isCaptured([object, key]: Path): boolean {
  if (object === "sender" || object === "organization" || String(key).endsWith("url")) return false;
  return object !== "repository" || key === undefined || repositoryKeys.has(String(key));
}

const repositoryKeys = new Set([
  "id",
  "name",
  "owner",
  "private",
  "archived",
  "default_branch",
  "updated_at",
]);

function withNumber(example: object, number: number): object {
  const own = structuredClone(example) as Record<string, unknown>;
  for (const key of ["pull_request", "issue", "review", "comment"]) {
    const object = own[key];
    if (typeof object !== "object" || object === null) continue;
    Object.assign(object, { id: number, ...("number" in object && { number }) });
  }
  return own;
}

const brokenBody = fc
  .tuple(
    payload,
    fc.nat(),
    fc.constantFrom("cut off" as const, "not UTF-8" as const, "with a byte order mark" as const),
  )
  .map(([{ name, body }, at, about]) => {
    const middle = at % (body.length + 1);
    const parts = {
      "cut off": [body.subarray(0, middle)],
      "not UTF-8": [body.subarray(0, middle), Buffer.from([0xc3, 0x28, 0xff, 0]), body.subarray(middle)],
      "with a byte order mark": [Buffer.from([0xef, 0xbb, 0xbf]), body],
    };
    return { name, body: Buffer.concat(parts[about]), about };
  });

const otherBody = fc
  .tuple(fc.constantFrom(...captured), hostileValue)
  .map(([{ name }, json]) => ({ name, body: Buffer.from(json), about: json.slice(0, 60) }));

/** A delivery with a correct signature and a hostile body. */
const signedDelivery: fc.Arbitrary<HostileRequest> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: payload },
      { weight: 1, arbitrary: brokenBody },
      { weight: 1, arbitrary: otherBody },
    ),
    fc.uuid(),
  )
  .map(([{ name, body, about }, guid]) => ({
    about,
    method: "POST",
    path: paths.webhooks,
    headers: toHeaders(name, guid, body),
    body,
    hangsUp: false,
    guid: needsCapture(name, body) ? guid : null,
  }));

function toHeaders(name: string, guid: string, body: Buffer): Headers {
  const signature = createHmac("sha256", webhookSecret).update(body).digest("hex");
  return [
    ["content-type", "application/json"],
    ["content-length", String(body.length)],
    ["x-github-event", name],
    ["x-github-delivery", guid],
    ["x-hub-signature-256", `sha256=${signature}`],
  ];
}

/** True when the delivery must lead to a capture. Comments on issues, for example, are acknowledged but not captured. */
function needsCapture(name: string, body: Buffer): boolean {
  let read: {
    action?: unknown;
    issue?: { pull_request?: unknown };
    changes?: { name?: unknown } | null;
  } | null = null;
  try {
    read = JSON.parse(body.toString("utf8"));
  } catch {
    return false;
  }
  if (typeof read?.action !== "string" || !webhooks.has(`${name}.${read.action}`)) return false;
  if (name === "label" && read.action === "edited") return Boolean(read.changes?.name); // not its color
  return name !== "issue_comment" || !read.issue || Boolean(read.issue.pull_request);
}

const headerName = fc.constantFrom(
  "content-type",
  "content-length",
  "transfer-encoding",
  "x-github-event",
  "x-github-delivery",
  "x-hub-signature-256",
  "authorization",
  "expect",
  "upgrade",
  "__proto__",
);
const headerValue = fc.oneof(
  fc.constantFrom("", "*", "error", "__proto__", "valueOf", "ping", "pull_request.opened", "chunked"),
  fc.constantFrom(
    "100-continue",
    "0",
    "-1",
    "1e3",
    "websocket",
    "sha256=",
    `sha256=${"0".repeat(64)}`,
    "sha1=0",
  ),
  fc.constantFrom(200, 3_000, 9_000, 70_000).map((length) => "a".repeat(length)),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, " ")),
);
const header = fc.tuple(headerName, headerValue);

/** A delivery with a missing, repeated, changed or added header, or a truncated body. */
const badlyHeaded = fc
  .tuple(signedDelivery, fc.constantFrom("missing", "twice", "other", "added", "cut"), header, fc.nat())
  .map(([request, how, [name, value], at]): HostileRequest => {
    const { headers, body } = request;
    const chosen = headers[at % headers.length];
    const bad = { ...request, guid: null, hangsUp: true };
    if (how === "missing") return { ...bad, headers: headers.filter((each) => each !== chosen) };
    if (how === "twice") return { ...bad, headers: [...headers, ...(chosen ? [chosen] : [])] };
    if (how === "other")
      return { ...bad, headers: [...headers.filter(([each]) => each !== name), [name, value]] };
    if (how === "added") return { ...bad, headers: [[name, value], ...headers] };
    return { ...bad, body: body.subarray(0, at % (body.length + 1)) };
  })
  // A sender of a complete request waits for the answer.
  .map((request) => ({ ...request, hangsUp: !isComplete(request) }));

function isComplete({ headers, body }: HostileRequest): boolean {
  const lengths = headers.filter(([name]) => name === "content-length").map(([, value]) => value);
  const isPlain = !headers.some(([name]) => ["transfer-encoding", "upgrade"].includes(name));
  return isPlain && lengths.length === 1 && lengths[0] === String(body.length);
}

export const hostileDelivery: fc.Arbitrary<HostileRequest> = fc.oneof(
  { weight: 3, arbitrary: signedDelivery },
  { weight: 1, arbitrary: badlyHeaded },
);

const idText = fc.oneof(
  fc.constantFrom("0", "-1", "1", "1e3", "1.5", "NaN", "Infinity", "9007199254740991", "9223372036854775808"),
  fc.constantFrom("%00", "%ff", "%2e%2e", "..", "acme/web", "acme%2Fweb", "a b", "'", "9".repeat(400)),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const query = fc
  .array(fc.tuple(fc.constantFrom("limit", "state", "repository", "__proto__", "limit[]"), idText), {
    maxLength: 2,
  })
  .map((pairs) => (pairs.length > 0 ? `?${pairs.map((pair) => pair.join("=")).join("&")}` : ""));

interface QueueCall {
  method: string;
  path: string;
  body: string;
}

/** A valid body with some hostile values. */
function bodyLike(example: object): fc.Arbitrary<string> {
  const replacement = fc.record({ path: fc.constantFrom(...pathsOf(example, 2)), by: hostileValue });
  return fc.array(replacement, { maxLength: 2 }).map((replacements) => replaceAt(example, replacements));
}

function post(path: string, ...bodies: readonly object[]): fc.Arbitrary<QueueCall> {
  return fc.oneof(...bodies.map(bodyLike)).map((body) => ({ method: "POST", path, body }));
}

const repository = 186_853_002; // from GitHub's examples, so that it exists
const queueCall: fc.Arbitrary<QueueCall> = fc.oneof(
  post("/queue/backfill", { repository, days: 3, priority: "low" }, { repository, all: true, recent: false }),
  post("/queue/gaps", { repository, kinds: ["files"], limit: 10, priority: "high" }),
  post("/queue/pull-request", { repository, number: 7, priority: "medium" }),
  fc
    .tuple(fc.constantFrom("/analyze", "/queue/jobs", "/queue/stats"), query)
    .map(([path, asked]) => ({ method: "GET", path: `${path}${asked}`, body: "" })),
  idText.map((id) => ({ method: "GET", path: `/queue/jobs/${id}`, body: "" })),
  idText.map((id) => ({ method: "POST", path: `/queue/jobs/${id}/replay`, body: "" })),
  query.map((asked) => ({ method: "DELETE", path: `/queue/jobs${asked}`, body: "" })),
  fc.record({
    method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"),
    path: fc.constantFrom("/analyze/%00", "/queue", "/queue/", "//", "/queue/jobs/", "/queue/reconcile"),
    body: hostileValue,
  }),
);

/** A request to the queue's API, with the right or a wrong token. */
export function hostileQueueRequest(adminToken: string): fc.Arbitrary<HostileRequest> {
  const authorization = fc.oneof(
    { weight: 8, arbitrary: fc.constant(`Bearer ${adminToken}`) },
    { weight: 1, arbitrary: fc.constantFrom("", "Bearer", "Bearer  ", "Basic YTpi") },
    { weight: 1, arbitrary: headerValue },
  );
  return fc.tuple(queueCall, authorization).map(([{ method, path, body: text }, token]) => {
    const body = Buffer.from(text);
    return {
      method,
      path: `${paths.api}${path}`,
      headers: [
        ["authorization", token],
        ["content-type", "application/json"],
        ["content-length", String(body.length)],
      ],
      body,
      hangsUp: false,
      guid: null,
      about: text.slice(0, 200),
    };
  });
}

/** Describes a request for a report. */
export function describeRequest({ method, path, headers, body, about }: HostileRequest): string {
  const shown = headers.filter(([name]) => name !== "content-length" && name !== "content-type");
  const names = shown.map(([name, value]) => `${name}: ${value.slice(0, 40)}`).join(", ");
  return `${method} ${path.slice(0, 300)} with ${about} (${names}; ${body.length} bytes)`;
}

/** The id of the review in `correctDelivery`. */
export const correctReviewId = 237_895_671;

/** GitHub's example of a review, correctly signed. */
export function correctDelivery(): HostileRequest {
  const example = captured.find(({ name }) => name === "pull_request_review");
  const body = Buffer.from(JSON.stringify(example?.payload));
  const guid = randomUUID();
  const headers = toHeaders("pull_request_review", guid, body);
  return { method: "POST", path: paths.webhooks, headers, body, hangsUp: false, guid, about: "correct" };
}
