import { expect } from "vitest";
import {
  createFakeGitHub,
  serveGitHub,
  type FakeGitHub,
  type FakeGitHubOptions,
} from "../../src/fake-github/index.ts";
import { testEnvironment, webhookSecret } from "../../src/testing/test-config.ts";

export interface TestGitHub extends FakeGitHub {
  url: string;
  /** Runs `work` at the given number of seconds after a fixed time, one hour ago. Other changes happen now. */
  after: <Result>(seconds: number, work: () => Result) => Result;
  close(): Promise<void>;
}

/** A fake GitHub, served over HTTP. Closing it fails the test if it received a request that it does not know. */
export async function openGitHub(options: FakeGitHubOptions = {}): Promise<TestGitHub> {
  const github = createFakeGitHub({
    seed: 1,
    appId: Number(testEnvironment.APP_ID),
    webhookSecret,
    ...options,
  });
  const server = await serveGitHub(github);
  const start = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
  return {
    ...github,
    url: server.url,
    after: (seconds, work) => github.at(new Date(start + seconds * 1000), work),
    close: async () => {
      await server.close();
      expect(github.unexpected).toEqual([]);
    },
  };
}
