import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { rateLimitHeaders, remaining } from "./budget.ts";
import type { Budget } from "./budget.ts";
import { authenticate, budgetOf, createCredentials, who } from "./credentials.ts";
import { createDeliveryLog, recordAttempt } from "./delivery-log.ts";
import type { Attempt } from "./delivery-log.ts";
import { sendDelivery } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { answerGraphql } from "./graphql/answer-graphql.ts";
import { createInterceptors } from "./intercept.ts";
import type { Interceptor } from "./intercept.ts";
import { bindMutations } from "./bind-mutations.ts";
import type { Mutations } from "./bind-mutations.ts";
import { primaryLimit, refusal } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { answerRest } from "./rest/answer-rest.ts";
import type { State } from "./state.ts";
import { createWorld } from "./world.ts";
import type { World, WorldOptions } from "./world.ts";

export interface GitHubOptions extends WorldOptions {
  /** Requests, and as many GraphQL points, an hour and credential. */
  rateLimit?: number;
  /** Tokens of persons, which see public repositories. */
  personalTokens?: string[];
  /** What `send` signs with. */
  webhookSecret?: string;
  /** Milliseconds before every answer. */
  latency?: number;
}

export interface RecordedRequest {
  method: string;
  /** With the query string. */
  path: string;
  /** Of a GraphQL request. */
  query: string | null;
  variables: Record<string, unknown> | null;
  installationId: number | null;
  status: number;
  /** What it cost: requests or GraphQL points. */
  cost: number;
  intercepted: boolean;
}

export interface GitHub extends Mutations {
  state: State;
  /** Every webhook caused so far, oldest first. */
  deliveries: Delivery[];
  requests: RecordedRequest[];
  /** What was asked for and does not exist here: `GET /path` or `Type.field`. A test or demo that finds any should fail. */
  unexpected: string[];
  fetch(this: void, request: Request): Promise<Response>;
  /** Returns how to end it. */
  intercept(interceptor: Interceptor): () => void;
  clearInterceptors(): void;
  /** Signs, sends once, and writes it into the App's delivery log. Returns the answer's status, 0 when there was none. */
  send(url: string, delivery: Delivery): Promise<number>;
  /** Writes a sending into the App's delivery log; 0 is for no answer at all. */
  recordAttempt(delivery: Delivery, statusCode: number, status?: string): Attempt;
  /** Takes the deliveries that were asked for again since the last call. */
  takeRedeliveries(): Delivery[];
  /** What is done meanwhile causes no webhooks. */
  quietly<T>(work: () => T): T;
  /** What is done meanwhile happens at that moment. */
  at<T>(moment: Date, work: () => T): T;
}

export function createGitHub(options: GitHubOptions = {}): GitHub {
  const clock = { now: options.now ?? (() => new Date()) };
  const world = createWorld({ ...options, now: () => clock.now() });
  const credentials = createCredentials(options.rateLimit ?? 5000);
  for (const token of options.personalTokens ?? []) credentials.personalTokens.add(token);
  const log = createDeliveryLog();
  const interceptors = createInterceptors();
  const requests: RecordedRequest[] = [];
  const unexpected: string[] = [];

  /** A fault of the stand-in's own is no answer of GitHub's: it shows in `unexpected` too. */
  async function answerOrConfess(request: Request, record: RecordedRequest): Promise<Response> {
    try {
      return await answer(request, record);
    } catch (error) {
      const fault = `${record.method} ${record.path}: ${error instanceof Error ? error.stack : String(error)}`;
      unexpected.push(fault);
      return toResponse(world, request, refusal(500, fault), null);
    }
  }

  async function answer(request: Request, record: RecordedRequest): Promise<Response> {
    const url = new URL(request.url);
    const credential = authenticate(world, credentials, request);
    if ("status" in credential) return toResponse(world, request, credential, null);
    record.installationId = credential.kind === "installation" ? credential.installation.id : null;
    const isGraphql = url.pathname === "/graphql";
    const budget = budgetOf(world, credentials, credential, isGraphql ? "graphql" : "core");

    if (isGraphql) {
      const { reply, cost, query, variables } = await answerGraphql(
        { world, credential, budget, unexpected },
        request,
      );
      Object.assign(record, { cost, query, variables });
      return toResponse(world, request, reply, budget);
    }
    const free = url.pathname === "/rate_limit";
    if (!free && remaining(budget) === 0)
      return toResponse(world, request, primaryLimit(who(credential), world.now()), budget);
    const reply = answerRest({ world, credentials, credential, log, url }, request.method);
    if (reply === null) {
      unexpected.push(`${request.method} ${url.pathname}`);
      return toResponse(
        world,
        request,
        refusal(501, `The stand-in knows no ${request.method} ${url.pathname}`),
        null,
      );
    }
    const response = toResponse(world, request, reply, budget, () => {
      if (free) return;
      record.cost = 1;
      budget.used++;
    });
    return response;
  }

  return {
    ...bindMutations(world),
    state: world.state,
    deliveries: world.deliveries,
    requests,
    unexpected,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
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
      if (options.latency) await delay(options.latency);
      const { response, intercepted } = await interceptors.answer(request, (asked) =>
        answerOrConfess(asked, record),
      );
      record.status = response.status;
      record.intercepted = intercepted;
      return response;
    },
    intercept: (interceptor) => interceptors.add(interceptor),
    clearInterceptors: () => interceptors.clear(),
    async send(to, delivery) {
      let status = 0;
      try {
        const response = await sendDelivery(to, options.webhookSecret ?? "", delivery);
        await response.body?.cancel();
        ({ status } = response);
      } catch {
        // Not reached, or too slow: the log says so, and that is all GitHub does about it.
      }
      return recordAttempt(world, log, delivery, status).statusCode;
    },
    recordAttempt: (delivery, statusCode, status) => recordAttempt(world, log, delivery, statusCode, status),
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
    at(moment, work) {
      const before = clock.now;
      clock.now = () => moment;
      try {
        return work();
      } finally {
        clock.now = before;
      }
    },
  };
}

/** Charges unless the client has the same already: a 304 is free. */
function toResponse(
  world: World,
  request: Request,
  reply: Reply,
  budget: Budget | null,
  charge: () => void = () => {},
): Response {
  const body = JSON.stringify(reply.body);
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    date: world.now().toUTCString(),
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
