import type { Account, GitHub, ReviewComment } from "./github/index.ts";
import type { FileOptions } from "./github/mutations/files.ts";

/**
 * Has something happen on GitHub at that time of the day, and tells of it. What comes `later` happens some seconds after the
 * first, one after the other. Resolves with what the first made.
 */
export type Scene = <Made>(
  time: string,
  tells: string,
  first: () => Made,
  ...later: ((made: Made) => unknown)[]
) => Promise<Made>;

/** A small team's day: every kind of webhook that pr-capture captures, and some that it does not. */
export async function playTeamDay(github: GitHub, scene: Scene): Promise<void> {
  const { ada, ben, cleo, finn, renovate, designers, shop, fork, old, issue } = github.quietly(() =>
    setStage(github),
  );

  const search = await scene(
    "09:05",
    "ada opens #3 “Search as you type” and asks ben and the designers",
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
  const typo = await scene("09:30", "finn, who is no member, opens #5 as a draft from his fork", () =>
    github.openPullRequest({
      repository: shop,
      author: finn,
      title: "Fix tpyo",
      draft: true,
      head: { ref: "typo", repository: fork },
      files: [{ filename: "README.md" }],
    }),
  );
  await scene("09:41", "ben comments on #1, which is older than the App: GitHub is asked for the rest", () =>
    github.createIssueComment({ on: old, author: ben, body: "Is this still wanted?" }),
  );

  const review = await scene("10:02", "ben requests changes on #3, with three remarks on the diff", () =>
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
  if (!debounce || !hook || !empty) throw new Error("The review has lost its comments.");
  await scene(
    "10:20",
    "ada answers two of them, and puts one answer better",
    () => answer(github, ada, debounce, "Yes, 150 ms"),
    () => answer(github, ada, hook, "It is one now."),
    (first) => github.editReviewComment(first, "Yes: 150 ms."),
  );
  await scene("10:35", "ada pushes to #3: a file is renamed, one added", () =>
    github.push(search, { files: [...searchFiles.slice(0, 2), ...pushedFiles], commits: 2 }),
  );
  await scene(
    "10:37",
    "ada resolves two threads; ben opens one of them again",
    () => github.resolveThread(debounce.thread, ada),
    () => github.resolveThread(hook.thread, ada),
    () => github.unresolveThread(hook.thread, ben),
  );
  await scene(
    "10:55",
    "cleo comments on #3, thinks better of it, and deletes it",
    () => github.createIssueComment({ on: search, author: cleo, body: "Why not Elasticsearch?" }),
    (comment) => github.deleteIssueComment(comment),
  );

  await scene("11:10", "two labels go on #4 in the same second: GitHub is asked once which is later", () => {
    github.label(update, "backend", cleo);
    github.label(update, "security", cleo);
  });
  await scene(
    "11:15",
    "renovate[bot] rebases #4 twice",
    () => github.push(update),
    () => github.push(update),
  );
  await scene(
    "11:30",
    "cleo approves #4, lets it merge by itself, and it does",
    () => github.submitReview({ pullRequest: update, author: cleo, state: "APPROVED" }),
    () => github.enableAutoMerge(update, { by: cleo }),
    () => github.mergePullRequest(update, { by: cleo }),
  );

  const milestone = github.quietly(() => github.createMilestone(shop, "Spring", ada));
  await scene(
    "13:05",
    "#5 leaves draft; it gets an assignee and a milestone",
    () => github.readyForReview(typo),
    () => github.assign(typo, cleo, ada),
    () => github.setMilestone(typo, milestone, ada),
  );
  await scene(
    "13:20",
    "cleo approves #5; finn pushes once more, and she dismisses her approval",
    () => github.submitReview({ pullRequest: typo, author: cleo, state: "APPROVED", body: "Thanks!" }),
    () => github.push(typo, { files: [{ filename: "README.md", additions: 3, deletions: 3 }] }),
    (approval) => github.dismissReview(approval, cleo),
  );
  await scene(
    "13:40",
    "#5 gets a better title, and goes to another branch",
    () => github.editPullRequest(typo, { title: "Fix a typo", by: ada }),
    () =>
      github.editPullRequest(typo, {
        base: { ref: "release", files: [{ filename: "README.md" }, { filename: "docs/start.md" }] },
        by: ada,
      }),
  );
  await scene("14:00", "ben deletes a remark on #3; the answer to it stays", () =>
    github.deleteReviewComment(hook),
  );
  await scene("14:15", "ada comments on #2, an issue: acknowledged, not captured", () =>
    github.createIssueComment({ on: issue, author: ada, body: "I can reproduce this." }),
  );
  await scene("14:30", "the repository is renamed from shop to storefront: its id stays", () =>
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
    "cleo takes #6 back to draft, and ada out of it",
    () => github.convertToDraft(large),
    () => github.removeReviewRequest(large, ada),
  );
  await scene(
    "15:40",
    "finn closes #5, reopens it, and ada merges it",
    () => github.closePullRequest(typo),
    () => github.reopenPullRequest(typo),
    () => github.mergePullRequest(typo, { by: ada }),
  );
  await scene(
    "16:10",
    "#3 is merged; ben says thanks, twice as nicely the second time",
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

/** The organization with its repository, the App installed on it, and what was there before: a pull request whose author is gone, and an issue. */
function setStage(github: GitHub) {
  const [ada, ben, cleo, finn, gone] = ["ada", "ben", "cleo", "finn", "gone"].map((login) =>
    github.createAccount({ login }),
  );
  if (!ada || !ben || !cleo || !finn || !gone) throw new Error("Somebody is missing.");
  const renovate = github.createAccount({ login: "renovate", type: "Bot" });
  const acme = github.createOrganization({ login: "acme", members: [ada, ben, cleo] });
  const designers = github.createTeam({ organization: acme, name: "Designers" });
  github.install({ account: acme });
  const shop = github.createRepository({ owner: acme, name: "shop" });
  const fork = github.createRepository({ owner: finn, name: "shop", fork: true });
  const old = github.openPullRequest({ repository: shop, author: gone, title: "Dark mode" });
  github.deleteAccount(gone);
  const issue = github.createIssue({ repository: shop, author: ben, title: "The cart forgets" });
  return { ada, ben, cleo, finn, renovate, designers, shop, fork, old, issue };
}

function answer(github: GitHub, author: Account, inReplyTo: ReviewComment, body: string): ReviewComment {
  return github.createReviewComment({ pullRequest: inReplyTo.pullRequest, author, body, inReplyTo });
}

function lastOf<Item>(items: readonly Item[]): Item {
  const last = items.at(-1);
  if (last === undefined) throw new Error("There is none.");
  return last;
}
