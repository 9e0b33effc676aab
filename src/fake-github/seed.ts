import type { FakeGitHub } from "./create-github.ts";
import type { FileOptions } from "./mutations/files.ts";
import type { Account, PullRequest, Repository, ReviewComment } from "./state.ts";
import { createRandom } from "./seeded-random.ts";

export interface SeedOptions {
  repository: Repository;
  count: number;
  /** The same seed gives the same pull requests. */
  seed?: number;
  /** The average for each pull request, like the next three. */
  reviews?: number;
  reviewComments?: number;
  comments?: number;
  files?: number;
  /** In every hundred pull requests, adds one with 300 comments, one with 120 reviews and one with 250 files (3,100 in the first hundred). */
  longTails?: boolean;
  /** The time of the first pull request. */
  from?: Date;
  /** The minutes between two pull requests. */
  everyMinutes?: number;
}

/**
 * Creates a repository's history without webhooks: merged, closed, open and draft pull requests; people, bots, a mannequin and deleted
 * accounts as authors; renamed and binary files, replies in threads, edited comments and dismissed reviews.
 */
export function seedPullRequests(github: FakeGitHub, options: SeedOptions): PullRequest[] {
  const random = createRandom(options.seed ?? 1);
  const cast = createCast(github, options.repository);
  const start = (options.from ?? new Date("2026-01-05T08:00:00Z")).getTime();
  const step = (options.everyMinutes ?? 20) * 60_000;
  const seeded = github.quietly(() =>
    Array.from({ length: options.count }, (_, index) =>
      seedOne(github, options, { random, cast, index, start: start + index * step }),
    ),
  );
  for (const account of cast.leaving) if (!account.deleted) github.deleteAccount(account);
  return seeded;
}

interface Cast {
  all: Account[];
  leaving: Account[];
}

function createCast(github: FakeGitHub, { id }: Repository): Cast {
  const people = ["ada", "ben", "cleo", "dan", "eva", "finn"].map((name) =>
    github.createAccount({ login: `${name}-${id}` }),
  );
  const leaving = ["gone", "left"].map((name) => github.createAccount({ login: `${name}-${id}` }));
  const bot = github.createAccount({ login: `helper-${id}`, type: "Bot" });
  const mannequin = github.createAccount({ login: `imported-${id}`, type: "Mannequin" });
  return { all: [...people, ...leaving, bot, mannequin], leaving };
}

interface Scene {
  random: () => number;
  cast: Cast;
  index: number;
  start: number;
}

function seedOne(
  github: FakeGitHub,
  options: SeedOptions,
  { random, cast, index, start }: Scene,
): PullRequest {
  let clock = start;
  const later = <T>(work: () => T): T =>
    github.at(new Date((clock += Math.ceil(random() * 900) * 1000)), work);
  const someone = () => pick(random, cast.all);
  const around = (average: number) => Math.floor(random() * (2 * average + 1)); // from 0 to twice the average
  const tail = options.longTails ? index % 100 : -1;

  const fileCount = tail === 3 ? (index < 100 ? 3100 : 250) : Math.max(1, around(options.files ?? 8));
  const pullRequest = later(() =>
    github.openPullRequest({
      repository: options.repository,
      author: someone(),
      title: `Change number ${index + 1}`,
      body: random() < 0.8 ? `What it does, and why.\n\nPart ${index + 1}.` : null,
      draft: random() < 0.05,
      labels: random() < 0.5 ? [pick(random, ["bug", "feature", "docs", "chore"])] : [],
      files: Array.from({ length: fileCount }, (_, file) => seedFile(random, index, file)),
      commits: 1 + around(2),
    }),
  );
  const reviews = tail === 2 ? 120 : around(options.reviews ?? 3);
  const averageReviews = options.reviews ?? 3;
  // Pull requests without a review have no review comments, so the others have more.
  const reviewComments =
    reviews === 0
      ? 0
      : around(((options.reviewComments ?? 5) * (2 * averageReviews + 1)) / (2 * averageReviews));
  const threads: ReviewComment[] = [];
  for (let review = 0; review < reviews; review++) {
    const inline =
      Math.floor((reviewComments * (review + 1)) / reviews) - Math.floor((reviewComments * review) / reviews);
    const submitted = later(() =>
      github.submitReview({
        pullRequest,
        author: someone(),
        state: pick(random, ["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "COMMENTED"]),
        body: random() < 0.5 ? `Verdict ${review + 1}` : "",
        comments: Array.from({ length: inline }, (_, comment) => {
          const first = threads.length > 0 && random() < 0.4 ? pick(random, threads) : null;
          return { body: `Remark ${comment + 1}`, line: 1 + around(20), ...(first && { inReplyTo: first }) };
        }),
      }),
    );
    threads.push(...submitted.comments.filter(({ inReplyTo }) => inReplyTo === null));
    if (submitted.state === "CHANGES_REQUESTED" && random() < 0.2)
      later(() => github.dismissReview(submitted));
    if (review === 0 && random() < 0.3) later(() => github.push(pullRequest));
  }
  const comments = tail === 1 ? 300 : around(options.comments ?? 4);
  for (let comment = 0; comment < comments; comment++) {
    const created = later(() =>
      github.createIssueComment({ on: pullRequest, author: someone(), body: `Word ${comment + 1}` }),
    );
    if (random() < 0.1) later(() => github.editIssueComment(created, `Word ${comment + 1}, put better`));
  }
  const end = random();
  if (end < 0.6) later(() => github.mergePullRequest(pullRequest, { by: someone() }));
  else if (end < 0.75) later(() => github.closePullRequest(pullRequest));
  return pullRequest;
}

function seedFile(random: () => number, index: number, file: number): FileOptions {
  const filename = `src/part-${index % 40}/file-${file}.ts`;
  const size = { additions: Math.floor(random() * 80), deletions: Math.floor(random() * 40) };
  const kind = random();
  if (index % 200 === 7 && file === 0)
    return { filename, ...size, previousFilename: `src/old/file-${file}.ts` };
  if (kind < 0.1)
    return {
      filename: `art/picture-${index}-${file}.png`,
      status: "added",
      additions: 0,
      deletions: 0,
      patch: null,
    };
  if (kind < 0.3) return { filename, status: "added", additions: size.additions, deletions: 0 };
  if (kind < 0.35) return { filename, status: "removed", additions: 0, deletions: size.deletions };
  return { filename, ...size };
}

function pick<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("The list is empty.");
  return item;
}
