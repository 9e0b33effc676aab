import { inspect } from "node:util";
import { NonRetriableError, RetryAfterError } from "inngest";
import nock from "nock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  GoneError,
  LaggingReplicaError,
  NoAccessError,
  UnreadableAnswerError,
} from "../../../src/lib/github/errors.ts";
import { getPullRequest } from "../../../src/lib/github/get-pull-request.ts";
import { listReviewThreads } from "../../../src/lib/github/list-review-threads.ts";
import { toInngestError } from "../../../src/lib/github/to-inngest-error.ts";
import {
  api,
  createTestGitHub,
  expectTokenRequest,
  installationId,
  interceptGitHub,
  personalToken,
  ref,
} from "./intercept.ts";

/** What Inngest does after each refusal. An intercepted GitHub answers the real client. */

interceptGitHub();

const now = Date.parse("2026-11-23T20:00:00Z");
const epoch = (after: number) => String(now / 1000 + after);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now });
});
afterEach(() => {
  vi.useRealTimers();
});

async function refusalOf(ask: () => Promise<unknown>): Promise<Error> {
  try {
    await ask();
  } catch (error) {
    const refusal = toInngestError(error);
    if (refusal instanceof Error) return refusal;
  }
  throw new Error("GitHub did not refuse.");
}

const askForPullRequest = async () => getPullRequest(await createTestGitHub().forInstallation(null), ref);
const askForThreads = async () =>
  listReviewThreads(await createTestGitHub().forInstallation(null), ref, null, 0);

const pullRequestPath = "/repos/Codertocat/Hello-World/pulls/2";

function refuse(status: number, message: string, headers: Record<string, string> = {}): void {
  nock(api)
    .get(pullRequestPath)
    .reply(status, { message, documentation_url: "https://docs.github.com/x" }, headers);
}

/** How Inngest treats the error, which it recognizes by its class. */
function policyOf(error: Error): "wait" | "give up" | "back off" {
  if (error instanceof RetryAfterError) return "wait";
  return error instanceof NonRetriableError ? "give up" : "back off";
}

/** The seconds that Inngest waits before the retry. Not a date, which Inngest would compare with another clock. */
async function waitAfter(ask: () => Promise<unknown>): Promise<number> {
  const refusal = await refusalOf(ask);
  if (!(refusal instanceof RetryAfterError)) throw refusal;
  return Number(refusal.retryAfter);
}

test.each([
  ["is empty", "", "application/json; charset=utf-8"],
  ["is cut off", '{"id": 1, "numb', "application/json; charset=utf-8"],
  ["is a proxy's page", "<html>Sign in</html>", "text/html"],
])("an answer that %s is tried again for hours, and named", async (_, body, type) => {
  nock(api).get(pullRequestPath).reply(200, body, { "content-type": type });
  const refusal = await refusalOf(askForPullRequest);
  expect(policyOf(refusal)).toBe("back off");
  expect(refusal.message).toContain(`${pullRequestPath}: The body of the answer is cut off or not JSON.`);
});

describe("a REST rate limit", () => {
  test.each([403, 429])("a limit without remaining requests ends at the reset (%i)", async (status) => {
    const message = "API rate limit exceeded for installation ID 51.";
    refuse(status, message, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": epoch(1800) });
    expect(await waitAfter(askForPullRequest)).toBe(1800);
  });

  test.each([403, 429])("a limit with retry-after ends then (%i)", async (status) => {
    refuse(status, "You have exceeded a secondary rate limit.", {
      "retry-after": "37",
      "x-ratelimit-remaining": "4000",
    });
    expect(await waitAfter(askForPullRequest)).toBe(37);
  });

  test("retry-after has precedence over the reset", async () => {
    refuse(403, "You have exceeded a secondary rate limit.", {
      "retry-after": "37",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": epoch(1800),
    });
    expect(await waitAfter(askForPullRequest)).toBe(37);
  });

  test.each([
    [403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."],
    [403, "You have triggered an abuse detection mechanism."],
    [429, "Too many requests"],
  ])("a limit without a time lasts at least a minute (%i %s)", async (status, message) => {
    refuse(status, message, { "x-ratelimit-remaining": "4000", "x-ratelimit-reset": epoch(1800) });
    expect(await waitAfter(askForPullRequest)).toBeGreaterThanOrEqual(60);
  });

  test.each([
    ["a retry-after that is no number", { "retry-after": "soon" }],
    ["an empty retry-after", { "retry-after": "" }],
    ["nothing remaining and no reset", { "x-ratelimit-remaining": "0" }],
    ["a reset that is no number", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" }],
  ])("a limit with %s lasts at least a minute", async (_, headers) => {
    refuse(429, "Too many requests", headers);
    expect(await waitAfter(askForPullRequest)).toBeGreaterThanOrEqual(60);
  });

  test("a reset that is hours away by the local clock ends within an hour", async () => {
    refuse(403, "API rate limit exceeded", {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": epoch(20_000),
    });
    expect(await waitAfter(askForPullRequest)).toBe(3600);
  });

  test("a reset in the past by the local clock is still awaited", async () => {
    refuse(403, "API rate limit exceeded", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": epoch(-90) });
    expect(await waitAfter(askForPullRequest)).toBeGreaterThan(0);
  });
});

describe("a permanent refusal", () => {
  test.each([
    [403, "Resource not accessible by integration"],
    [404, "Not Found"],
    [410, "Issues are disabled for this repo"],
    [422, "Validation Failed"],
    [451, "Repository access blocked"],
    [406, "Sorry, the diff exceeded the maximum number of files (300)."],
  ])("a permanent refusal is not retried (%i %s)", async (status, message) => {
    refuse(status, message, { "x-ratelimit-remaining": "4000" });
    const refusal = await refusalOf(askForPullRequest);
    expect(policyOf(refusal)).toBe("give up");
    expect(refusal.message).toContain(`${status} to GET ${pullRequestPath}: ${message}`);
  });
});

describe("a temporary failure", () => {
  test.each([
    [422, { message: "Unprocessable", errors: [{ resource: "PullRequest", code: "not_available" }] }],
    [422, { message: "Server Error: Sorry, this diff is temporarily unavailable due to heavy server load." }],
    [409, { message: "Git Repository is temporarily not available" }],
    [423, { message: "Locked" }],
  ])("a refusal that can pass is retried (%i %j)", async (status, body) => {
    nock(api).get(pullRequestPath).reply(status, body);
    expect(policyOf(await refusalOf(askForPullRequest))).toBe("back off");
  });

  test.each([
    [401, "Bad credentials"],
    [500, "Server Error"],
    [502, "Bad Gateway"],
    [503, "Service Unavailable"],
    [504, "We couldn't respond to your request in time"],
  ])("a failure of GitHub is retried (%i %s)", async (status, message) => {
    refuse(status, message);
    const refusal = await refusalOf(askForPullRequest);
    expect(policyOf(refusal)).toBe("back off");
    expect(refusal.message).toContain(`${status} to GET ${pullRequestPath}`);
  });

  test("an HTML answer is retried", async () => {
    nock(api).get(pullRequestPath).reply(502, "<html>Unicorn!</html>", { "content-type": "text/html" });
    expect(policyOf(await refusalOf(askForPullRequest))).toBe("back off");
  });

  test("a failed connection is retried", async () => {
    nock(api).get(pullRequestPath).replyWithError("connect ECONNREFUSED");
    const refusal = await refusalOf(askForPullRequest);
    expect(policyOf(refusal)).toBe("back off");
    expect(refusal.message).toContain(pullRequestPath);
  });

  test("a timeout is retried", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    timeout.mockReturnValue(AbortSignal.abort(new DOMException("The operation timed out.", "TimeoutError")));
    const refusal = await refusalOf(askForPullRequest);
    timeout.mockRestore();
    expect(policyOf(refusal)).toBe("back off");
    expect(refusal.message).toContain("timed out");
  });
});

describe("GraphQL", () => {
  const graphql = () => nock(api).post("/graphql");
  const failing = (type: string | undefined, message: string) => ({
    data: null,
    errors: [{ type, message }],
  });

  // GitHub has both types, and may still count points as remaining: https://github.com/yanyongyu/githubkit/issues/271
  test.each([
    ["RATE_LIMITED", "0"],
    ["RATE_LIMIT", "0"],
    ["RATE_LIMIT", "12"],
  ])("a rate limit in HTTP 200 ends at the reset (%s, %s remaining)", async (type, remaining) => {
    graphql().reply(200, failing(type, "API rate limit exceeded for installation ID 51."), {
      "x-ratelimit-remaining": remaining,
      "x-ratelimit-reset": epoch(600),
    });
    expect(await waitAfter(askForThreads)).toBe(600);
  });

  test.each(["RATE_LIMITED", "RATE_LIMIT"])(
    "a rate limit without a time lasts at least a minute (%s)",
    async (type) => {
      graphql().reply(200, failing(type, "API rate limit already exceeded"));
      expect(await waitAfter(askForThreads)).toBeGreaterThanOrEqual(60);
    },
  );

  test("a secondary limit in HTTP 200 is recognized by its message", async () => {
    graphql().reply(200, failing(undefined, "You have exceeded a secondary rate limit."), {
      "retry-after": "37",
    });
    expect(await waitAfter(askForThreads)).toBe(37);
  });

  test("a secondary limit in HTTP 403 is treated as in REST", async () => {
    graphql().reply(403, { message: "You have exceeded a secondary rate limit." }, { "retry-after": "37" });
    expect(await waitAfter(askForThreads)).toBe(37);
  });

  test.each(["NOT_FOUND", "FORBIDDEN"])("an error of type %s is not retried", async (type) => {
    const partial = { data: { repository: null }, errors: [{ type, message: "Could not resolve" }] };
    graphql().reply(200, partial, { "x-ratelimit-remaining": "4000" });
    expect(policyOf(await refusalOf(askForThreads))).toBe("give up");
  });

  test("a partial answer with an error is retried", async () => {
    const message = "Something went wrong while executing your query.";
    // A smaller page is asked for too.
    graphql()
      .times(2)
      .reply(200, { data: { repository: { pullRequest: null } }, errors: [{ message }] });
    const refusal = await refusalOf(askForThreads);
    expect(policyOf(refusal)).toBe("back off");
    expect(refusal.message).toContain(message);
  });

  test.each([502, 504])("a query that times out is retried (%i)", async (status) => {
    graphql().reply(status, { message: "We couldn't respond to your request in time." });
    expect(policyOf(await refusalOf(askForThreads))).toBe("back off");
  });
});

describe("the request for an installation's token", () => {
  const ask = async () => getPullRequest(await createTestGitHub().forInstallation(installationId), ref);
  const tokenRequest = () => nock(api).post(`/app/installations/${installationId}/access_tokens`);

  test.each([
    ["suspended", 403, "This installation has been suspended"],
    ["uninstalled", 404, "Not Found"],
  ])("the request for the token of an installation that is %s is not retried", async (_, status, message) => {
    tokenRequest().reply(status, { message });
    expect(policyOf(await refusalOf(ask))).toBe("give up");
  });

  test.each([401, 500, 503])("a failed request for a token is retried (%i)", async (status) => {
    tokenRequest().reply(status, { message: "No" });
    expect(policyOf(await refusalOf(ask))).toBe("back off");
  });

  test("a rate limit on the request for a token is awaited", async () => {
    tokenRequest().reply(403, { message: "API rate limit exceeded" }, { "retry-after": "37" });
    expect(await waitAfter(ask)).toBe(37);
  });
});

describe("an error's message and cause", () => {
  test.each([
    [403, { "retry-after": "37" }],
    [404, {}],
    [401, {}],
    [500, {}],
  ])("an error of REST contains no token (%i)", async (status, headers) => {
    expectTokenRequest("ghs_secret");
    refuse(status, "No", headers);
    const refusal = await refusalOf(async () =>
      getPullRequest(await createTestGitHub().forInstallation(installationId), ref),
    );
    const everything = inspect(refusal, { depth: Infinity, showHidden: true });
    expect(everything).not.toContain("ghs_secret");
    expect(everything).not.toMatch(/bearer/i);
  });

  test("an error of GraphQL contains no token", async () => {
    nock(api)
      .post("/graphql")
      .reply(200, { errors: [{ type: "NOT_FOUND", message: "No" }] });
    expect(inspect(await refusalOf(askForThreads), { depth: Infinity })).not.toContain(personalToken);
  });
});

test("an unreadable answer is a dead letter within minutes, and names the field and the reason", async () => {
  nock(api).get(pullRequestPath).reply(200, { id: 5, number: "x" });
  const error: unknown = await askForPullRequest().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreadableAnswerError);
  expect(error).toMatchObject({
    message: "GitHub's pull request 5 cannot be read: number: expected number, received string.",
  });
  const policies = [0, 1, 2, 3].map((attempt) => toInngestError(error, attempt));
  expect(policies.map((each) => each instanceof NonRetriableError)).toEqual([false, false, false, true]);
});

describe("an error that is no answer of GitHub", () => {
  test("missing access and missing objects are not retried", () => {
    for (const error of [new NoAccessError("No credential."), new GoneError("Another repository.")]) {
      const refusal = toInngestError(error);
      expect(refusal).toBeInstanceOf(NonRetriableError);
      expect(refusal).toMatchObject({ message: error.message });
    }
  });

  test("a replica that lags is retried after some seconds", () => {
    const refusal = toInngestError(new LaggingReplicaError("Older than before."));
    expect(refusal).toBeInstanceOf(RetryAfterError);
    expect(refusal).toMatchObject({ retryAfter: expect.stringMatching(/^[1-9]\d?$/) });
  });

  test("errors of Inngest, the store and the program are unchanged", () => {
    for (const error of [
      new RetryAfterError("Wait", 1000),
      new NonRetriableError("No"),
      new TypeError("undefined is not a function"),
    ]) {
      expect(toInngestError(error)).toBe(error);
    }
  });
});
