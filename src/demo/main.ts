import { parseArgs } from "node:util";
import { createScene } from "./create-scene.ts";
import { findFaults } from "./find-faults.ts";
import { createFakeGitHub, sendDelivery, serveGitHub, type FakeGitHub } from "../fake-github/index.ts";
import { createPostman } from "./postman.ts";
import { bold, dim, green, print, red } from "../testing/print.ts";
import { createRefetchLedger } from "./refetch-ledger.ts";
import { printCaptured, printDelays, printDisorder, printNextSteps, printRequests } from "./report.ts";
import { demoApp, startPrCapture } from "../testing/start-pr-capture.ts";
import { serveConsole } from "./serve-console.ts";
import { spreadOverDay } from "./spread-over-day.ts";
import { playTeamDay } from "./team-day.ts";
import { toTruth } from "../testing/truth.ts";

/** How long sleeps and retries can take. A capture that is not finished then is a fault. */
const maxWaitMs = 5000;

const { serve } = parseArgs({ options: { serve: { type: "boolean", default: false } } }).values;

print(bold("A small team's day on a fake GitHub."));
print("Signed webhooks are sent to the real server over HTTP: late, out of order, and some of them twice.");
print();

const startedAt = performance.now();
const github = createFakeGitHub({
  appId: demoApp.id,
  webhookSecret: demoApp.webhookSecret,
  seed: 1,
  checksJwtTime: false, // the story happened yesterday
});
const githubServer = await serveGitHub(github);
const storedAt = new Map<string, number>();
const capture = await startPrCapture(githubServer.url, {
  onWrite: (delivery) => {
    if (!storedAt.has(delivery)) storedAt.set(delivery, performance.now());
  },
});

const postman = createPostman((delivery) => github.send(capture.webhooksUrl, delivery), 1);
const refetching = createRefetchLedger(github);
const midnight = serve ? midnightOfEndingDay() : midnightOfYesterday();
const { scene, end } = createScene(github, midnight, (deliveries) => {
  refetching.add(deliveries);
  postman.take(deliveries);
});
await playTeamDay(github, midnight, scene);
const forgeryStatus = await sendForgery(github, capture.webhooksUrl);
print(`${dim("17:00")}  a webhook with a forged signature arrives: answered ${forgeryStatus}`);
await postman.finish();
await capture.idle(maxWaitMs);

print();
printDisorder(postman.sent, github.deliveries);
printDelays(postman.sent, storedAt);
print();
await printCaptured(capture.rows, toTruth(github));
print();
printRequests(github.requests, refetching.counts);
print();

const faults = await findFaults(github, capture, postman.sent);
if (forgeryStatus !== 401) faults.push(`The forged webhook was answered ${forgeryStatus}, not 401.`);

if (faults.length === 0) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${green("Every row is as GitHub has it.")} ${dim(`${seconds} s`)}`);
  print();
  if (serve) {
    end();
    await spreadOverDay(capture, postman.sent);
    await serveConsole(capture, maxWaitMs);
  } else printNextSteps();
} else {
  print(red("Faults:"));
  for (const fault of faults) print(red(`  - ${fault}`));
  process.exitCode = 1;
}
await capture.close();
await githubServer.close();

/** The story happened yesterday: nothing in it may be in the future. */
function midnightOfYesterday(): Date {
  return new Date(new Date().setUTCHours(-24, 0, 0, 0));
}

/** The story ends at 17:00, so the charts of the last 24 hours show all of it. */
function midnightOfEndingDay(): Date {
  return new Date(new Date().setUTCSeconds(0, 0) - 17 * 3_600_000);
}

async function sendForgery({ deliveries: [delivery] }: FakeGitHub, url: string): Promise<number> {
  if (!delivery) return 0;
  const response = await sendDelivery(url, "not the secret", { ...delivery, id: "forged" });
  await response.body?.cancel();
  return response.status;
}
