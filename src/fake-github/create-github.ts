import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { rateLimitHeaders, remaining } from "./budget.ts";
import type { CredentialBudget } from "./budget.ts";
import { authenticate, budgetOf, createCredentials, nameOf } from "./credentials.ts";
import { createDeliveryLog, logAttempt } from "./delivery-log.ts";
import type { Attempt } from "./delivery-log.ts";
import { sendDelivery } from "./delivery.ts";
import type { WebhookDelivery } from "./webhook-delivery.ts";
import { fromEnterprise, toEnterprise } from "./enterprise.ts";
import { answerGraphql } from "./graphql/answer-graphql.ts";
import { answerPage } from "./pages/answer-page.ts";
import { createInterceptors } from "./intercept.ts";
import type { Interceptor } from "./intercept.ts";
import { bindMutations } from "./bind-mutations.ts";
import type { Mutations } from "./bind-mutations.ts";
import { garbleRest } from "./poison.ts";
import type { Garblable, Garbling, Poison, Poisonable } from "./poison.ts";
import { notFound, primaryLimit, refusal } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { answerRest } from "./rest/answer-rest.ts";
import type { GitHubApp, State } from "./state.ts";
import { createWorld } from "./world.ts";
import type { WorldOptions } from "./world.ts";

export interface FakeGitHubOptions extends WorldOptions {
  /** The number of requests per hour and credential, and of GraphQL points. */
  rateLimit?: number;
  /** Personal tokens. They see public repositories. */
  personalTokens?: string[];
  /** Milliseconds before every answer. */
  latency?: number;
  /** The seconds by which GitHub's clock is ahead of `now`. It affects the `date` header, the check of JWTs and all timestamps. */
  clockSkew?: number;
}

export interface RecordedRequest {
  method: string;
  /** The path with the query string. */
  path: string;
  /** Null for a REST request. */
  query: string | null;
  variables: Record<string, unknown> | null;
  installationId: number | null;
  status: number;
  /** The cost in requests or GraphQL points. */
  cost: number;
  intercepted: boolean;
}

export interface FakeGitHub extends Mutations {
  state: State;
  /** Changes when an App is registered from a manifest. */
  app: GitHubApp;
  /** Empty for github.com. */
  basePath: string;
  /** Every webhook caused so far, oldest first. */
  deliveries: WebhookDelivery[];
  requests: RecordedRequest[];
  /** Requests for what the fake GitHub lacks, as `GET /path` or `Type.field`. A test or demo must fail when it is not empty. */
  unexpected: string[];
  fetch(this: void, request: Request): Promise<Response>;
  /** Returns a function that removes the interceptor. */
  intercept(interceptor: Interceptor): () => void;
  clearInterceptors(): void;
  /** Makes an item fail in answers. Returns a function that restores it. */
  poison(item: Poisonable, poison: Poison): () => void;
  /** Gives an item wrong values in answers, but not in webhooks. Returns a function that restores it. */
  garble(item: Garblable, garbling: Garbling): () => void;
  /** Signs and sends a delivery once, and logs it. Returns the status of the answer, or 0 without an answer. */
  send(url: string, delivery: WebhookDelivery): Promise<number>;
  /** Adds an attempt to the App's delivery log. The status code 0 means no answer. */
  recordAttempt(delivery: WebhookDelivery, statusCode: number, status?: string): Attempt;
  /** Returns the redeliveries requested since the last call. */
  takeRedeliveries(): WebhookDelivery[];
  /** Runs `work` without webhooks. */
  quietly<T>(work: () => T): T;
  /** Runs `work` at a given time. */
  at<T>(time: Date, work: () => T): T;
}

export function createFakeGitHub(options: FakeGitHubOptions = {}): FakeGitHub {
  const skewMs = (options.clockSkew ?? 0) * 1000;
  const basePath = options.basePath ?? "";
  const { now = () => new Date() } = options;
  const clock = { now: () => new Date(now().getTime() + skewMs) };
  const world = createWorld({ ...options, now: () => clock.now() });
  const credentials = createCredentials(options.rateLimit ?? 5000);
  for (const token of options.personalTokens ?? []) credentials.personalTokens.add(token);
  const log = createDeliveryLog();
  const interceptors = createInterceptors();
  const requests: RecordedRequest[] = [];
  const unexpected: string[] = [];

  /** Answers, and reports a bug of the fake GitHub itself in `unexpected`. */
  async function answerOrReport(request: Request, record: RecordedRequest): Promise<Response> {
    try {
      return await answer(request, record);
    } catch (error) {
      if (request.signal.aborted) throw error; // the client is gone
      const fault = `${record.method} ${record.path}: ${error instanceof Error ? error.stack : String(error)}`;
      unexpected.push(fault);
      return toResponse(request, refusal(500, fault), null);
    }
  }

  async function answer(request: Request, record: RecordedRequest): Promise<Response> {
    const url = new URL(request.url);
    const credential = authenticate(world, credentials, request);
    if ("status" in credential) return toResponse(request, credential, null);
    record.installationId = credential.kind === "installation" ? credential.installation.id : null;
    const isGraphql = url.pathname === "/graphql";
    const budget = budgetOf(world, credentials, credential, isGraphql ? "graphql" : "core");

    if (isGraphql) {
      const { reply, cost, query, variables } = await answerGraphql(
        { world, credential, budget, unexpected },
        request,
      );
      Object.assign(record, { cost, query, variables });
      return toResponse(request, reply, budget);
    }
    const free = url.pathname === "/rate_limit";
    if (!free && remaining(budget) === 0)
      return toResponse(request, primaryLimit(nameOf(credential), world.now()), budget);
    const answered = answerRest({ world, credentials, credential, log, url }, request.method);
    if (answered === null) {
      unexpected.push(`${request.method} ${url.pathname}`);
      return toResponse(
        request,
        refusal(501, `The fake GitHub has no route ${request.method} ${url.pathname}`),
        null,
      );
    }
    const reply = { ...answered, body: garbleRest(world.itemFaults, answered.body) };
    const response = toResponse(request, reply, budget, () => {
      if (free) return;
      record.cost = 1;
      budget.used++;
    });
    return response;
  }

  return {
    ...bindMutations(world),
    state: world.state,
    app: world.app,
    basePath,
    deliveries: world.deliveries,
    requests,
    unexpected,
    async fetch(received) {
      const page = await answerPage(world, received);
      if (page) return page;
      const request = fromEnterprise(received, basePath);
      if (request === null) return toResponse(received, notFound(), null);
      const { origin, pathname, search } = new URL(request.url);
      const record: RecordedRequest = {
        method: request.method,
        path: `${pathname}${search}`,
        query: null,
        variables: null,
        installationId: null,
        status: 0,
        cost: 0,
        intercepted: false,
      };
      requests.push(record);
      // Taken before the answer, because the answer may lack later changes.
      const date = world.answeredAt().toUTCString();
      if (options.latency) await delay(options.latency);
      const { response, intercepted } = await interceptors.answer(request, async (asked) =>
        dated(await answerOrReport(asked, record), date),
      );
      record.status = response.status;
      record.intercepted = intercepted;
      return toEnterprise(dated(response, date), origin, basePath);
    },
    intercept: (interceptor) => interceptors.add(interceptor),
    clearInterceptors: () => interceptors.clear(),
    poison(item, poison) {
      world.itemFaults.poisons.set(item, poison);
      return () => world.itemFaults.poisons.delete(item);
    },
    garble(item, garbling) {
      world.itemFaults.garblings.set(item, garbling);
      return () => world.itemFaults.garblings.delete(item);
    },
    async send(to, delivery) {
      let status = 0;
      try {
        const response = await sendDelivery(to, world.app.webhookSecret, delivery);
        await response.body?.cancel();
        ({ status } = response);
      } catch {
        // Unreachable or too slow. Like GitHub, it only logs that.
      }
      return logAttempt(world, log, delivery, status).statusCode;
    },
    recordAttempt: (delivery, statusCode, status) => logAttempt(world, log, delivery, statusCode, status),
    takeRedeliveries: () => log.redeliveries.splice(0),
    quietly(work) {
      const before = world.delivering;
      world.delivering = false;
      try {
        return work();
      } finally {
        world.delivering = before;
      }
    },
    at(time, work) {
      const before = clock.now;
      clock.now = () => time;
      try {
        return work();
      } finally {
        clock.now = before;
      }
    },
  };
}

/** Adds the date, also to an interceptor's answer unless that has one. */
function dated(response: Response, date: string): Response {
  if (response.headers.has("date")) return response;
  const headers = new Headers(response.headers);
  headers.set("date", date);
  return new Response(response.body, { status: response.status, headers });
}

/** Creates the response and charges the budget, except for a 304. */
function toResponse(
  request: Request,
  reply: Reply,
  budget: CredentialBudget | null,
  charge: () => void = () => {},
): Response {
  const body = JSON.stringify(reply.body);
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "x-github-media-type": "github.v3; format=json",
    "x-github-request-id": createHash("sha1")
      .update(`${request.url}${body}`)
      .digest("hex")
      .slice(0, 20)
      .toUpperCase(),
    ...reply.headers,
  });
  const etag =
    reply.status === 200 && request.method === "GET"
      ? `W/"${createHash("sha256").update(body).digest("hex")}"`
      : null;
  if (etag !== null) headers.set("etag", etag);
  const unchanged = etag !== null && request.headers.get("if-none-match") === etag;
  if (!unchanged) charge();
  for (const [name, value] of Object.entries(budget ? rateLimitHeaders(budget) : {}))
    headers.set(name, value);
  return unchanged
    ? new Response(null, { status: 304, headers })
    : new Response(body, { status: reply.status, headers });
}
