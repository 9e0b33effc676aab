import { expect } from "vitest";
import { createGitHub, serveGitHub, type GitHub, type GitHubOptions } from "../../src/demo/github/index.ts";
import { testEnvironment } from "./test-config.ts";

export interface TestGitHub extends GitHub {
  url: string;
  /** Does it so many seconds after a moment of an hour ago. Without it, things happen now. */
  after: <Result>(seconds: number, work: () => Result) => Result;
  close(): Promise<void>;
}

/** The stand-in GitHub, served over HTTP. Closing it fails the test if anything was asked that it does not know. */
export async function openGitHub(options: GitHubOptions = {}): Promise<TestGitHub> {
  const github = createGitHub({ seed: 1, appId: Number(testEnvironment.APP_ID), ...options });
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
