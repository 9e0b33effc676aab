import type { Page } from "playwright-core";
import { createQueueClient, type QueueClient } from "../../../src/client/queue-client.ts";
import { failures } from "../../../src/fake-github/index.ts";
import { pullRequestDetails } from "../../../src/lib/inngest/events.ts";
import { queueJobs } from "../../../src/lib/store/jobs.ts";
import { adminToken, type Scene } from "../../support/scene.ts";

/** Jobs in states that tests of the console need. */

export const hostileText = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;

export function clientOf(scene: Scene): QueueClient {
  return createQueueClient({ url: scene.app.url, adminToken });
}

/** Pull requests whose captures fail, because GitHub refuses to list their files. Returns what ends that. */
export async function failCaptures(scene: Scene, count: number, message = "Blocked"): Promise<() => void> {
  const heal = scene.github.intercept(failures.matching(/files/, failures.refused(451, message)));
  for (let opened = 0; opened < count; opened++)
    scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  return heal;
}

/** Jobs whose events are not sent yet, as when Inngest takes its time. */
export async function queuePending(scene: Scene, count: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, index) => ({
    event_id: `manual:${index}`,
    event_name: pullRequestDetails.name,
    repository_id: scene.web.id,
    repository: "acme/web",
    number: index + 1,
    since: null,
    installation_id: scene.installation.id,
    reason: "manual" as const,
    priority: "high" as const,
    data: {},
  }));
  await queueJobs(scene.app.services.store, jobs);
}

export const gridOf = (page: Page) => page.getByRole("grid", { name: "Jobs" });
export const rowsOf = (page: Page) => gridOf(page).locator("[aria-rowindex]:not(.head)");
export const panelOf = (page: Page) => page.getByRole("complementary");
export const tabOf = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "State" }).getByText(name);
