import type { Account, FakeGitHub, ReviewComment } from "../fake-github/index.ts";
import type { FileOptions } from "../fake-github/mutations/files.ts";

/**
 * Runs actions on the fake GitHub at a time of the day and prints the description. The `later` actions follow the first at intervals of some
 * seconds. Resolves with the result of the first.
 */
export type Scene = <Result>(
  time: string,
  description: string,
  first: () => Result,
  ...later: ((result: Result) => unknown)[]
) => Promise<Result>;

/** Plays a small team's day, with most of the webhooks that pr-capture captures and some that it ignores. */
export async function playTeamDay(github: FakeGitHub, midnight: Date, scene: Scene): Promise<void> {
  const { ada, ben, cleo, finn, renovate, designers, shop, fork, milestone, old, issue } = github.at(
    midnight,
    () => github.quietly(() => setStage(github)),
  );

  const search = await scene(
    "09:05",
    "ada opens #3 “Search as you type” and requests reviews from ben and the designers",
    () =>
      github.openPullRequest({
        repository: shop,
        author: ada,
        title: "Search as you type",
        body: "Results show after the third letter.",
        labels: ["feature"],
        assignees: [ada],
        reviewers: [ben, designers],
        files: searchFiles,
        commits: 4,
      }),
  );
  const update = await scene("09:12", "renovate[bot] opens #4 “Update express to 5.2”", () =>
    github.openPullRequest({
      repository: shop,
      author: renovate,
      title: "Update express to 5.2",
      labels: ["dependencies"],
      files: [
        { filename: "package.json", additions: 1, deletions: 1 },
        { filename: "package-lock.json", additions: 60, deletions: 48 },
      ],
    }),
  );
  const typo = await scene("09:30", "finn, who is not a member, opens #5 as a draft from his fork", () =>
    github.openPullRequest({
      repository: shop,
      author: finn,
      title: "Fix tpyo",
      draft: true,
      head: { ref: "typo", repository: fork },
      files: [{ filename: "README.md" }],
    }),
  );
  await scene(
    "09:41",
    "ben comments on #1, which is older than the App: its details are fetched from GitHub",
    () => github.createIssueComment({ on: old, author: ben, body: "Is this still wanted?" }),
  );

  const review = await scene("10:02", "ben requests changes on #3, with three review comments", () =>
    github.submitReview({
      pullRequest: search,
      author: ben,
      state: "CHANGES_REQUESTED",
      body: "Nearly there.",
      comments: [
        { body: "Debounce this?", path: "src/search.ts", line: 12 },
        { body: "A hook would read better.", path: "src/search-box.tsx", line: 30, startLine: 24 },
        { body: "What about an empty query?", path: "src/search.ts", line: 41 },
      ],
    }),
  );
  const [debounce, hook, empty] = review.comments;
  if (!debounce || !hook || !empty) throw new Error("The review has too few comments.");
  await scene(
    "10:20",
    "ada replies to two of them and edits one reply",
    () => reply(github, ada, debounce, "Yes, 150 ms"),
    () => reply(github, ada, hook, "It is one now."),
    (first) => github.editReviewComment(first, "Yes: 150 ms."),
  );
  await scene("10:35", "ada pushes to #3: one file is renamed, one is added", () =>
    github.push(search, { files: [...searchFiles.slice(0, 2), ...pushedFiles], commits: 2 }),
  );
  await scene(
    "10:37",
    "ada resolves two threads; ben unresolves one of them",
    () => github.resolveThread(debounce.thread, ada),
    () => github.resolveThread(hook.thread, ada),
    () => github.unresolveThread(hook.thread, ben),
  );
  await scene(
    "10:55",
    "cleo comments on #3 and deletes the comment",
    () => github.createIssueComment({ on: search, author: cleo, body: "Why not Elasticsearch?" }),
    (comment) => github.deleteIssueComment(comment),
  );

  await scene(
    "11:10",
    "#4 gets two labels in the same second: one request to GitHub resolves their order",
    () => {
      github.label(update, "backend", cleo);
      github.label(update, "security", cleo);
    },
  );
  await scene(
    "11:15",
    "renovate[bot] rebases #4 twice",
    () => github.push(update),
    () => github.push(update),
  );
  await scene(
    "11:30",
    "cleo approves #4 and enables auto-merge; it is merged",
    () => github.submitReview({ pullRequest: update, author: cleo, state: "APPROVED" }),
    () => github.enableAutoMerge(update, { by: cleo }),
    () => github.mergePullRequest(update, { by: cleo }),
  );

  await scene(
    "13:05",
    "#5 is ready for review and gets an assignee and a milestone",
    () => github.readyForReview(typo),
    () => github.assign(typo, cleo, ada),
    () => github.setMilestone(typo, milestone, ada),
  );
  await scene(
    "13:20",
    "cleo approves #5; finn pushes again, and she dismisses her approval",
    () => github.submitReview({ pullRequest: typo, author: cleo, state: "APPROVED", body: "Thanks!" }),
    () => github.push(typo, { files: [{ filename: "README.md", additions: 3, deletions: 3 }] }),
    (approval) => github.dismissReview(approval, cleo),
  );
  await scene(
    "13:40",
    "#5 gets a new title and a new base branch",
    () => github.editPullRequest(typo, { title: "Fix a typo", by: ada }),
    () =>
      github.editPullRequest(typo, {
        base: { ref: "release", files: [{ filename: "README.md" }, { filename: "docs/start.md" }] },
        by: ada,
      }),
  );
  await scene("14:00", "ben deletes a review comment on #3; the reply stays", () =>
    github.deleteReviewComment(hook),
  );
  await scene("14:15", "ada comments on #2, an issue: acknowledged but not captured", () =>
    github.createIssueComment({ on: issue, author: ada, body: "I can reproduce this." }),
  );
  await scene("14:30", "the repository is renamed from shop to storefront; its id stays", () =>
    github.renameRepository(shop, "storefront", ada),
  );
  await scene(
    "14:45",
    "ben approves #3; his first review is edited and dismissed",
    () => github.submitReview({ pullRequest: search, author: ben, state: "APPROVED", body: "Lovely." }),
    () => github.editReview(review, "Nearly there. (Done since.)"),
    () => github.dismissReview(review, ada),
  );

  const large = await scene("15:00", "cleo opens #6 with 230 changed files: three pages", () =>
    github.openPullRequest({
      repository: shop,
      author: cleo,
      title: "Move the styles",
      reviewers: [ada],
      files: Array.from({ length: 230 }, (_, index) => ({
        filename: `styles/part-${index}.css`,
        previousFilename: `css/part-${index}.css`,
        additions: 2,
        deletions: 2,
      })),
    }),
  );
  await scene(
    "15:20",
    "cleo converts #6 to a draft and removes ada's review request",
    () => github.convertToDraft(large),
    () => github.removeReviewRequest(large, ada),
  );
  await scene(
    "15:40",
    "finn closes and reopens #5; ada merges it",
    () => github.closePullRequest(typo),
    () => github.reopenPullRequest(typo),
    () => github.mergePullRequest(typo, { by: ada }),
  );
  await scene(
    "16:10",
    "#3 is merged; ben comments and edits the comment",
    () => github.mergePullRequest(search, { by: ben }),
    () => github.createIssueComment({ on: search, author: ben, body: "Thanks" }),
    () => github.editIssueComment(lastOf(search.comments), "Thanks a lot!"),
  );
  await scene("16:30", "the conversation on #3 is locked", () => github.lock(search, "resolved", ada));
}

const searchFiles: FileOptions[] = [
  { filename: "src/search.ts", status: "added", additions: 84, deletions: 0 },
  { filename: "src/search-box.tsx", additions: 40, deletions: 12 },
  { filename: "test/serach.test.ts", status: "added", additions: 55, deletions: 0 },
];
const pushedFiles: FileOptions[] = [
  { filename: "test/search.test.ts", status: "added", additions: 61, deletions: 0 },
  { filename: "src/use-search.ts", previousFilename: "src/use-query.ts", additions: 9, deletions: 4 },
];

/** Creates an organization with the App and a repository, which already has a milestone, a pull request of a deleted author and an issue. */
function setStage(github: FakeGitHub) {
  const [ada, ben, cleo, finn, gone] = ["ada", "ben", "cleo", "finn", "gone"].map((login) =>
    github.createAccount({ login }),
  );
  if (!ada || !ben || !cleo || !finn || !gone) throw new Error("An account is missing.");
  const renovate = github.createAccount({ login: "renovate", type: "Bot" });
  const acme = github.createOrganization({ login: "acme", members: [ada, ben, cleo] });
  const designers = github.createTeam({ organization: acme, name: "Designers" });
  github.install({ account: acme });
  const shop = github.createRepository({ owner: acme, name: "shop" });
  const fork = github.createRepository({ owner: finn, name: "shop", fork: true });
  const old = github.openPullRequest({ repository: shop, author: gone, title: "Dark mode" });
  github.deleteAccount(gone);
  const milestone = github.createMilestone(shop, "Spring", ada);
  const issue = github.createIssue({ repository: shop, author: ben, title: "The cart forgets" });
  return { ada, ben, cleo, finn, renovate, designers, shop, fork, milestone, old, issue };
}

function reply(github: FakeGitHub, author: Account, inReplyTo: ReviewComment, body: string): ReviewComment {
  return github.createReviewComment({ pullRequest: inReplyTo.pullRequest, author, body, inReplyTo });
}

function lastOf<Item>(items: readonly Item[]): Item {
  const last = items.at(-1);
  if (last === undefined) throw new Error("The list is empty.");
  return last;
}
