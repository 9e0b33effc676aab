import { once } from "node:events";
import { dim, print } from "../testing/print.ts";
import type { RunningPrCapture } from "../testing/start-pr-capture.ts";

/**
 * Compares the rows with the fake GitHub's inventory, so that their coverage is known, and keeps the server up until Ctrl+C. Logs the link that
 * signs in to the console.
 */
export async function serveConsole(capture: RunningPrCapture, maxWaitMs: number): Promise<void> {
  const { services, url } = capture;
  const ended = Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
  const { repositories } = await services.queue.analyze();
  for (const { id } of repositories) await services.queue.queueBackfill(id, { all: true });
  await services.queue.reconcile();
  await capture.idle(maxWaitMs);

  print(`The console shows the day's data, with the fake GitHub behind it. ${dim("Ctrl+C ends it.")}`);
  services.log.level = "info";
  services.sessions.startLinks(url);
  await ended;
}
