import { afterEach, describe, expect, test } from "vitest";
import { liveChangeSchema, type LiveChange } from "../../src/api/console-contract.ts";
import { createQueueClient } from "../../src/client/queue-client.ts";
import { failures } from "../../src/fake-github/index.ts";
import { createLiveFeed } from "../../src/http/live-feed.ts";
import { createLiveRoutes } from "../../src/http/live-routes.ts";
import { createLogger } from "../../src/logger.ts";
import { adminToken, useScene } from "../support/scene.ts";

/** Server-sent events of the console. */

interface Stream {
  /** The next change. Rejects when the stream has ended. */
  next(): Promise<LiveChange>;
  /** Reads until a change is as wanted. */
  until(isWanted: (change: LiveChange) => boolean): Promise<LiveChange>;
  /** Resolves when the server ends the stream. */
  ended(): Promise<void>;
  close(): void;
  /** Returns everything that was received. */
  text(): string;
}

const streams: Stream[] = [];

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function connect(url: string, token = adminToken): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(`${url}/api/live`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const stream = readStream(response.body ?? new ReadableStream(), () => abort.abort());
  streams.push(stream);
  return stream;
}

function readStream(body: ReadableStream<Uint8Array>, close: () => void): Stream {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let all = "";
  let unread = "";
  async function next(): Promise<LiveChange> {
    for (;;) {
      const [message, ...rest] = unread.split("\n\n");
      if (message !== undefined && rest.length > 0) {
        unread = rest.join("\n\n");
        const data = /^event: change\ndata: (.*)$/.exec(message)?.[1];
        if (data) return liveChangeSchema.parse(JSON.parse(data));
        continue;
      }
      const { done, value } = await reader.read();
      if (done) throw new Error("The stream has ended.");
      all += value;
      unread += value;
    }
  }
  return {
    next,
    async until(isWanted) {
      for (;;) {
        const change = await next();
        if (isWanted(change)) return change;
      }
    },
    async ended() {
      while (!(await reader.read()).done);
    },
    close,
    text: () => all,
  };
}

const scene = useScene({ installation: "delivered" });
const { takeDeliveries, deliver } = scene;

describe("the stream", () => {
  test("begins with the counts, and shows a webhook's capture", async () => {
    const stream = await connect(scene.app.url);
    const client = createQueueClient({ url: scene.app.url, adminToken });
    expect(await stream.next()).toMatchObject({ jobs: [], stats: await client.getStats() });
    for (const number of [1, 2, 3]) {
      scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
      const [opened] = takeDeliveries();
      if (!opened) throw new Error("Nothing was delivered.");
      await scene.app.deliver(opened);
      const { jobs, stats } = await stream.until((change) =>
        change.jobs.some((job) => job.number === number && job.state === "completed"),
      );
      expect(stats).toEqual(await client.getStats());
      const [job] = jobs.filter((each) => each.number === number);
      expect(job).toEqual(await client.getJob(job?.id ?? 0));
    }
  });

  test("shows every state that lasts: retrying, cancelled, replayed", async () => {
    const client = createQueueClient({ url: scene.app.url, adminToken });
    const stream = await connect(scene.app.url);
    await stream.next();
    const heal = scene.github.intercept(failures.matching(/files/, failures.serverError()));
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    for (const delivery of takeDeliveries()) await scene.app.deliver(delivery);
    const seen = await stream.until(({ jobs }) => jobs.some(({ state }) => state === "retrying"));
    expect(seen.stats).toMatchObject({ retrying: 1 });
    await client.cancelJob(seen.jobs.find(({ state }) => state === "retrying")?.id ?? 0);
    await stream.until(
      ({ jobs, stats }) => stats.retrying === 0 && jobs.some(({ state }) => state === "cancelled"),
    );
    heal();

    scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
    await deliver();
    await stream.until(({ stats }) => stats.failed === 1);
    await client.replayMany({});
    await stream.until(({ jobs }) => jobs.some(({ replayed_at }) => replayed_at !== null));
  });

  test("shows each page each state once", async () => {
    const pages = [await connect(scene.app.url), await connect(scene.app.url)];
    await Promise.all(pages.map((page) => page.next()));
    const shown: Set<string>[] = pages.map(() => new Set());
    for (const number of [1, 2, 3]) {
      scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
      await deliver();
      for (const [index, page] of pages.entries())
        await page.until(({ jobs }) => {
          for (const { id, state, attempts } of jobs) {
            const seen = `${id} ${state} ${attempts}`;
            expect(shown[index]).not.toContain(seen);
            if (state === "completed") shown[index]?.add(seen);
          }
          return jobs.some((job) => job.number === number && job.state === "completed");
        });
    }
    expect(shown[0]?.size).toBeGreaterThanOrEqual(3);
    expect(shown[0]).toEqual(shown[1]);
  });

  test("needs the token", async () => {
    const response = await fetch(`${scene.app.url}/api/live`, { headers: { authorization: "Bearer wrong" } });
    expect(response.status).toBe(401);
  });

  test("ends when the app closes, without delaying it", async () => {
    const stream = await connect(scene.app.url);
    await stream.next();
    const begin = performance.now();
    const ended = stream.ended();
    const restarted = scene.restart();
    await ended;
    expect(performance.now() - begin).toBeLessThan(4_900); // an open request would end after 5 s
    await restarted;
  });
});

describe("the feed", () => {
  const open = (options: { maxSubscribers?: number; heartbeatMs?: number; pollEveryMs?: number } = {}) => {
    const { heartbeatMs, ...feed } = options;
    const log = createLogger("silent");
    const live = createLiveFeed({ store: scene.app.services.store, log, ...feed });
    const isAuthorized = async () => true;
    return {
      live,
      routes: createLiveRoutes({ live, isAuthorized, log, ...(heartbeatMs && { heartbeatMs }) }),
    };
  };
  const ask = (routes: ReturnType<typeof open>["routes"]) =>
    routes.request("/live", { headers: { authorization: "Bearer any" } });

  test("answers 503 to more pages than it serves, and serves them when others have left", async () => {
    const { live, routes } = open({ maxSubscribers: 1 });
    const first = await ask(routes);
    expect(first.status).toBe(200);
    expect((await ask(routes)).status).toBe(503);
    await first.body?.cancel();
    const next = await ask(routes);
    expect(next.status).toBe(200);
    live.close();
    await next.text();
  });

  test("sends a comment while nothing changes, so that proxies keep the connection", async () => {
    const { live, routes } = open({ heartbeatMs: 10, pollEveryMs: 60_000 });
    const { body } = await ask(routes);
    const reader = (body ?? new ReadableStream()).getReader();
    let text = "";
    while (!text.includes(": open\n\n")) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain(": open\n\n");
    live.close();
    while (!(await reader.read()).done);
  });

  test("answers 404 with a problem on a host without streams", async () => {
    const log = createLogger("silent");
    const routes = createLiveRoutes({ live: null, isAuthorized: async () => true, log });
    const response = await ask(routes);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  test("reads the database only while a page is connected", async () => {
    let reads = 0;
    const { store } = scene.app.services;
    const counted = new Proxy(store, {
      get(target, name, receiver) {
        if (name === "rpc") reads++;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const live = createLiveFeed({ store: counted, log: createLogger("silent"), pollEveryMs: 1 });
    expect(reads).toBe(0);
    const changed = Promise.withResolvers<LiveChange>();
    const unsubscribe = live.subscribe({ onChange: changed.resolve, onClose: () => {} });
    await changed.promise;
    unsubscribe?.();
    const before = reads;
    await scene.app.idle();
    await scene.rows("capture.jobs");
    expect(reads - before).toBeLessThanOrEqual(2); // the read that was under way
  });
});
