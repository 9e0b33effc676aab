import {
  createFakeGitHub,
  seedPullRequests,
  serveGitHub,
  type FakeGitHub,
  type Repository,
} from "../../src/fake-github/index.ts";
import { demoApp } from "../../src/testing/start-pr-capture.ts";
import { processorMs } from "./processor-time.ts";

/** A repository with a history on a fake GitHub over HTTP. */
export interface History {
  github: FakeGitHub;
  url: string;
  repository: Repository;
  installationId: number;
  /** The processor time of the fake GitHub's answers so far. It is only correct for one request at a time. */
  answeringMs: () => number;
  close(): Promise<void>;
}

/** Far above GitHub's limit, so that no method has to wait. */
const rateLimit = 50_000;

export async function createHistory(options: { count: number; longTails: boolean }): Promise<History> {
  const github = createFakeGitHub({ appId: demoApp.id, seed: 1, rateLimit });
  const acme = github.createOrganization({ login: "acme", members: [] });
  const repository = github.createRepository({ owner: acme, name: "web" });
  const { id: installationId } = github.install({ account: acme });
  seedPullRequests(github, {
    repository,
    reviews: 3,
    reviewComments: 5,
    comments: 4,
    files: 8,
    ...options,
  });

  let answeringMs = 0;
  const server = await serveGitHub({
    async fetch(request) {
      const start = processorMs();
      try {
        return await github.fetch(request);
      } finally {
        answeringMs += processorMs() - start;
      }
    },
  });
  return {
    github,
    url: server.url,
    repository,
    installationId,
    answeringMs: () => answeringMs,
    async close() {
      await server.close();
      if (github.unexpected.length > 0)
        throw new Error(`The fake GitHub lacks ${github.unexpected.join(", ")}.`);
    },
  };
}
