import { createScene } from "./create-scene.ts";
import { findFaults } from "./find-faults.ts";
import { createGitHub, sendDelivery, serveGitHub, type GitHub } from "./github/index.ts";
import { createPostman } from "./postman.ts";
import { bold, dim, green, print, red } from "./print.ts";
import { createRefetchLedger } from "./refetch-ledger.ts";
import { printCaptured, printDelays, printDisorder, printNextSteps, printRequests } from "./report.ts";
import { demoApp, startPrCapture } from "./start-pr-capture.ts";
import { playTeamDay } from "./team-day.ts";
import { toTruth } from "./truth.ts";

/** What sleeps or is tried again may take so long; what is still not done then is a fault. */
const patienceMs = 5000;

print(bold("A small team's day on a stand-in GitHub."));
print("Each webhook goes, signed, to the real server over HTTP: late, out of order, some of them twice.");
print();

const startedAt = performance.now();
const github = createGitHub({ appId: demoApp.id, webhookSecret: demoApp.webhookSecret, seed: 1 });
const standIn = await serveGitHub(github);
const storedAt = new Map<string, number>();
const capture = await startPrCapture(standIn.url, (delivery) => {
  if (!storedAt.has(delivery)) storedAt.set(delivery, performance.now());
});

const postman = createPostman((delivery) => github.send(capture.webhooksUrl, delivery), 1);
const refetching = createRefetchLedger(github);
const scene = createScene(github, (deliveries) => {
  refetching.add(deliveries);
  postman.take(deliveries);
});
await playTeamDay(github, scene);
const forgeryStatus = await sendForgery(github, capture.webhooksUrl);
print(`${dim("17:00")}  somebody sends a webhook with a forged signature: answered ${forgeryStatus}`);
await postman.finish();
await capture.idle(patienceMs);

print();
printDisorder(postman.sendings, github.deliveries);
printDelays(postman.sendings, storedAt);
print();
await printCaptured(capture.rows, toTruth(github));
print();
printRequests(github.requests, refetching.counts);
print();

const faults = await findFaults(github, capture, postman.sendings);
if (forgeryStatus !== 401) faults.push(`The forged webhook was answered ${forgeryStatus}, not 401.`);
await capture.close();
await standIn.close();

if (faults.length === 0) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${green("Every row is as GitHub has it.")} ${dim(`${seconds} s`)}`);
  print();
  printNextSteps();
} else {
  print(red("Not all is as it should be:"));
  for (const fault of faults) print(red(`  - ${fault}`));
  process.exitCode = 1;
}

async function sendForgery({ deliveries: [delivery] }: GitHub, url: string): Promise<number> {
  if (!delivery) return 0;
  const response = await sendDelivery(url, "not the secret", { ...delivery, id: "forged" });
  await response.body?.cancel();
  return response.status;
}
