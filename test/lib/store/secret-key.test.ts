import { expect, test } from "vitest";
import { createStore } from "../../../src/lib/store/store.ts";

test.each([
  ["a secret key, which is no JWT, is sent as apikey only", "sb_secret_abc_def", null],
  [
    "a service role key is sent as a bearer token too",
    "header.payload.signature",
    "Bearer header.payload.signature",
  ],
])("%s", async (_, key, authorization) => {
  const sent: Headers[] = [];
  const store = createStore({
    url: "https://project.supabase.co",
    serviceRoleKey: key,
    fetch: async (_input, init) => {
      sent.push(new Headers(init?.headers));
      return Response.json({});
    },
  });
  await store.rpc("capture_queue_stats");
  expect(sent.map((headers) => [headers.get("apikey"), headers.get("authorization")])).toEqual([
    [key, authorization],
  ]);
});
