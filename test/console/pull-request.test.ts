import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import type { PullRequest, Review } from "../../src/fake-github/index.ts";
import { useConsole } from "./support/use-console.ts";

const console = useConsole();
const { scene } = console;

let pullRequest: PullRequest;
let review: Review;
const hostileTitle = '<img src=x onerror="window.hostile = 1"> \u202Etxt.exe';
const hostileBody = "First line\n<script>window.hostile = 2</script>\n[x](javascript:window.hostile=3)";

/** On GitHub, a minute apart: opened, reviewed with two threads, a reply, a comment that is deleted, and merged. */
beforeEach(async () => {
  const { github, web, ann } = scene;
  const [ben, cleo] = ["ben", "cleo"].map((login) => github.createAccount({ login }));
  if (!ben || !cleo) throw new Error("An account is missing.");
  github.after(-600, () => {
    pullRequest = github.openPullRequest({
      repository: web,
      author: ann,
      title: hostileTitle,
      body: hostileBody,
      labels: ["feature"],
      files: [
        { filename: "src/<b>.ts", status: "added", additions: 1_234, deletions: 0 },
        { filename: "src/new.ts", previousFilename: "src/old.ts", additions: 2, deletions: 3 },
      ],
    });
  });
  github.after(-540, () => {
    review = github.submitReview({
      pullRequest,
      author: ben,
      state: "CHANGES_REQUESTED",
      body: "Nearly there.",
      comments: [
        { body: "Debounce this?", path: "src/new.ts", line: 2 },
        { body: "And here?", path: "src/new.ts", line: 3 },
      ],
    });
  });
  const [first, second] = review.comments;
  if (!first || !second) throw new Error("The review has too few comments.");
  github.after(-480, () => {
    github.createReviewComment({ pullRequest, author: ann, body: "Yes, 150 ms.", inReplyTo: first });
    github.resolveThread(first.thread, ann);
  });
  const comment = github.after(-420, () =>
    github.createIssueComment({ on: pullRequest, author: cleo, body: "Why not Elasticsearch?" }),
  );
  github.after(-400, () => github.deleteIssueComment(comment));
  github.after(-360, () => github.mergePullRequest(pullRequest, { by: ben }));
  await scene.deliver();
});

const open = (options = {}) => console.open(`pull-request/acme/web/${pullRequest.number}`, options);
const timeline = (page: Page) => page.locator(".pr-timeline");
const compare = (page: Page) => page.getByRole("button", { name: "Compare with GitHub" }).click();

test("the timeline is in the order in which it happened, with replies in their threads", async () => {
  const page = await open();
  await timeline(page).waitFor();
  const texts = await timeline(page).locator(":scope > li").allTextContents();
  expect(texts.map((text) => text.replace(/Nov.*|[A-Z][a-z]{2} \d+, \d{4}.*/s, ""))).toEqual([
    "annopened",
    "benrequested changes",
    "annreplied in 1 thread",
    "cleocommented",
    "benmerged",
  ]);
  const threads = timeline(page).getByRole("group");
  expect(await threads.count()).toBe(2);
  expect(await threads.first().getAttribute("aria-label")).toBe("Thread on src/new.ts:2");
  expect(await threads.first().locator(".text").allTextContents()).toEqual([
    "Debounce this?",
    "Yes, 150 ms.",
  ]);
  await threads.first().getByText("resolved", { exact: true }).waitFor();
  expect(await threads.nth(1).getByText("resolved").count()).toBe(0);
  const deleted = timeline(page).locator("li.deleted");
  expect(await deleted.count()).toBe(1);
  expect(await deleted.textContent()).toContain("Why not Elasticsearch?");
});

test("a thread keeps its replies when its first comment is not captured", async () => {
  await scene.database.exec("delete from github.comments where body = 'Debounce this?'");
  const page = await open();
  const thread = timeline(page).getByRole("group", { name: "Thread on src/new.ts:2" });
  await thread.getByText("Yes, 150 ms.").waitFor();
});

test("each part says by which path and when it was captured", async () => {
  await scene.database.exec("delete from github.reviews");
  await scene.backfill();
  const page = await open();
  const provenanceOf = (text: string) =>
    timeline(page).locator(":scope > li", { hasText: text }).locator(":scope > .provenance");
  await provenanceOf("Nearly there.")
    .getByText(/^backfill · captured (just now|\d+ sec)/)
    .waitFor();
  await provenanceOf("Why not Elasticsearch?")
    .getByText(/^webhook · captured/)
    .waitFor();
  expect(await provenanceOf("Why not Elasticsearch?").getAttribute("title")).toMatch(/GitHub's time .* UTC/);
});

test("hostile titles, bodies and file names are text with line breaks", async () => {
  const page = await open();
  await page.getByRole("heading", { level: 1 }).getByText(hostileTitle, { exact: false }).waitFor();
  expect(await timeline(page).locator(".text").first().textContent()).toBe(hostileBody);
  expect(
    await timeline(page)
      .locator(".text p")
      .first()
      .evaluate((text) => getComputedStyle(text).whiteSpace),
  ).toContain("pre-wrap");
  await page.getByText("src/<b>.ts").waitFor();
  expect(await page.locator("main img, main script, main b, a[href^='javascript']").count()).toBe(0);
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
});

test("Compare with GitHub finds no differences when the copy is right", async () => {
  const page = await open();
  await compare(page);
  await page.getByRole("status").getByText("No differences").waitFor();
  await page.getByText(/with \d+ requests? and \d+ points? of GitHub's budget/).waitFor();
  await console.expectAccessible();
});

test("Compare with GitHub shows what differs, and Capture again repairs it", async () => {
  await scene.database.exec(`update github.pull_requests set title = 'Another title'`);
  await scene.database.exec(`update github.reviews set body = 'Another body' where id = ${review.id}`);
  await scene.database.exec(`delete from github.pull_request_files where filename = 'src/new.ts'`);
  const page = await open();
  await compare(page);
  const differences = page.locator(".differences > li");
  await differences.first().waitFor();
  const find = (text: string) => differences.filter({ hasText: text });
  expect(await find("title").locator("dd").allTextContents()).toEqual(["Another title", hostileTitle]);
  expect(await find(`review ${review.id}`).locator("dd").allTextContents()).toEqual([
    "Another body",
    "Nearly there.",
  ]);
  expect(await find("src/new.ts").locator("dd").allTextContents()).toEqual(["missing", "present"]);
  expect(await differences.count()).toBe(3);
  await console.expectAccessible();

  await page.getByRole("button", { name: "Capture again" }).click();
  await scene.idle();
  await page.getByRole("heading", { level: 1 }).getByText(hostileTitle, { exact: false }).waitFor();
  await compare(page);
  await page.getByRole("status").getByText("No differences").waitFor();
});

test("Compare with GitHub says that GitHub has no such pull request any more", async () => {
  scene.github.deleteRepository(scene.web);
  const page = await open();
  await compare(page);
  await page.getByText("GitHub has no such pull request any more.").waitFor();
});

test("Compare with GitHub says what GitHub does not show", async () => {
  scene.github.intercept(({ url }) =>
    /\/pulls\/\d+\/files/.test(url)
      ? Response.json({ message: "Sorry, this diff is too large" }, { status: 406 })
      : undefined,
  );
  const page = await open();
  await compare(page);
  await page.getByText("It could not show everything.").waitFor();
  await page.getByText(/GitHub answered 406/).waitFor();
});

test("Compare with GitHub says why GitHub could not be asked", async () => {
  console.allow(/50\d|4\d\d/);
  const page = await open();
  await scene.github.close();
  await compare(page);
  await page.getByText(/GitHub could not be asked\. \S/).waitFor();
});

test("a gap is named, and a webhook changes the page while it is open", async () => {
  await scene.backfill();
  await scene.database.exec(`delete from github.reviews`);
  const page = await open();
  await page.getByText(/GitHub has \d+ reviews, the copy has 0\./).waitFor();
  scene.github.createIssueComment({ on: pullRequest, author: scene.ann, body: "It is live." });
  await scene.deliver();
  await timeline(page).getByText("It is live.").waitFor();
});

test("the newest jobs link to the job", async () => {
  const page = await open();
  const jobs = page.locator(".job-list li");
  await jobs.first().getByText("completed").waitFor();
  await jobs.first().getByRole("link").click();
  await page.waitForURL(/#\/jobs\?job=\d+/);
  await page.locator(".panel").getByText("acme/web").first().waitFor();
});

test("the finder lists the newest updated first, and filters by text and repository in the address bar", async () => {
  const { github, web, ann, acme } = scene;
  const api = github.createRepository({ owner: acme, name: "api" });
  github.openPullRequest({ repository: web, author: ann, title: "Search as you type" });
  scene.pass(60);
  github.openPullRequest({ repository: api, author: ann, title: "Search faster" });
  await scene.deliver();
  const page = await console.open("pull-request");
  const titles = () => page.locator(".pull-requests .title").allTextContents();
  await expect.poll(titles).toEqual(["Search faster", "Search as you type", hostileTitle]);

  await page.getByRole("searchbox").fill("type");
  await expect.poll(titles).toEqual(["Search as you type"]);
  expect(page.url()).toContain("#/pull-request?text=type");
  await page.getByRole("searchbox").fill("search");
  await page.getByLabel("Repository").selectOption("acme/api");
  await expect.poll(titles).toEqual(["Search faster"]);

  const shared = await console.open(new URL(page.url()).hash.slice(2));
  await expect
    .poll(() => shared.locator(".pull-requests .title").allTextContents())
    .toEqual(["Search faster"]);
  await shared.getByRole("searchbox").press("Enter");
  await shared.getByRole("heading", { level: 1, name: "Search faster #1" }).waitFor();
});

test("an address on GitHub opens the pull request, and one that is missing can be captured", async () => {
  console.allow(/404/);
  scene.github.quietly(() =>
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann, title: "Never sent" }),
  );
  const page = await console.open("pull-request");
  await page.getByRole("searchbox").fill("https://github.com/acme/web/pull/2/files");
  await page.getByRole("searchbox").press("Enter");
  await page.getByText("acme/web #2 is not captured.").waitFor();
  await console.expectAccessible();
  await page.getByRole("button", { name: "Capture it" }).click();
  await scene.idle();
  await page.getByRole("heading", { level: 1, name: "Never sent #2" }).waitFor();
});

test("an empty copy says what to do first", async () => {
  await scene.database.exec("delete from github.pull_requests");
  const page = await console.open("pull-request");
  await page.getByText("No pull request is captured yet.").waitFor();
  await console.expectAccessible();
});

test("the keyboard alone finds a pull request and compares it", async () => {
  const page = await console.open("pull-request");
  await page.locator(".pull-requests").waitFor();
  await page.getByRole("searchbox").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1 }).getByText("#1").waitFor();
  for (let tabs = 0; tabs < 20; tabs++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement?.textContent)) === "Compare with GitHub") break;
  }
  await page.keyboard.press("Enter");
  await page.getByText("No differences").waitFor();
});

test.for([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 360 },
] as const)("both views are accessible and fit in the $theme theme at $width pixels", async (options) => {
  const finder = await console.open("pull-request", options);
  await finder.locator(".pull-requests").waitFor();
  await console.expectAccessible();
  expect(await finder.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
    options.width,
  );
  const page = await open(options);
  await timeline(page).waitFor();
  await page.getByText("All columns").click();
  await console.expectAccessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(options.width);
});
