import {
  createGitHub,
  seedPullRequests,
  serveGitHub,
  type GitHub,
  type Repository,
} from "../../src/demo/github/index.ts";
import { demoApp } from "../../src/demo/start-pr-capture.ts";
import { processorMs } from "./processor-time.ts";

/** A repository with its past, in a stand-in GitHub over HTTP. */
export interface History {
  github: GitHub;
  url: string;
  repository: Repository;
  installationId: number;
  /** The processor time that the stand-in's answers have taken so far. Only meaningful while one request follows another. */
  answeringMs: () => number;
  close(): Promise<void>;
}

/** Far above what an installation has in an hour, so that nobody has to wait for the next. */
const rateLimit = 50_000;

export async function createHistory(options: { count: number; longTails: boolean }): Promise<History> {
  const github = createGitHub({ appId: demoApp.id, seed: 1, rateLimit });
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
  const standIn = await serveGitHub({
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
    url: standIn.url,
    repository,
    installationId,
    answeringMs: () => answeringMs,
    async close() {
      await standIn.close();
      if (github.unexpected.length > 0)
        throw new Error(`The stand-in does not know ${github.unexpected.join(", ")}.`);
    },
  };
}
