import { once } from "node:events";
import { dim, print } from "../testing/print.ts";
import type { RunningPrCapture } from "../testing/start-pr-capture.ts";

/**
 * Compares the rows with the fake GitHub's inventory, so that their coverage is known, and keeps the server up until Ctrl+C. Prints how to
 * use the CLI, and the link that signs in to the console.
 */
export async function serveConsole(capture: RunningPrCapture, maxWaitMs: number): Promise<void> {
  const { services, url, adminToken } = capture;
  const ended = Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
  const { repositories } = await services.queue.analyze();
  for (const { id } of repositories) await services.queue.queueBackfill(id, { all: true });
  await services.queue.reconcile();
  await capture.idle(maxWaitMs);

  print(`The console shows the day's data, with the fake GitHub behind it. ${dim("Ctrl+C ends it.")}`);
  print(`The CLI: PR_CAPTURE_URL=${url} ADMIN_TOKEN=${adminToken} npx pr-capture status`);
  services.log.level = "info";
  services.sessions.startLinks(url);
  await ended;
}
