import { setTimeout as pause } from "node:timers/promises";
import { createFakeGitHub, serveGitHub, type FakeGitHub } from "../../fake-github/index.ts";
import { countByKind, totalOf } from "../request-kind.ts";
import { createRandom } from "../../fake-github/seeded-random.ts";
import { testEnvironment, webhookSecret } from "../test-config.ts";
import type { Inspection, JobOutcome, OpenContender } from "./contender.ts";
import { createDisasters } from "./disasters.ts";
import { inParallel } from "./in-parallel.ts";
import { createStormPostman, senders, type Reception } from "./postman.ts";
import { repair, type Repair } from "./repair.ts";
import { scatter, type Parcel } from "./scatter.ts";
import type { StormDatabase } from "./storm-database.ts";
import type { StormSize } from "./storm-size.ts";
import { playStory } from "./story.ts";
import { troubleGitHub } from "./trouble-github.ts";
import { droppedShare, skewSeconds, type Trouble } from "./troubles.ts";

export interface StormOptions {
  seed: number;
  size: StormSize;
  /** Left out: none. */
  troubles?: ReadonlySet<Trouble>;
  /** Creates the storm's database, which is dropped afterwards. */
  createDatabase: () => Promise<StormDatabase>;
}

export interface StormResult {
  /** The answers during the storm, without the redeliveries of the repair. */
  reception: Reception;
  repair: Repair;
  /** Deliveries that were answered 2xx but have no completed job, by GUID, with their other jobs. Null: there are no jobs. */
  lostDeliveries: ReadonlyMap<string, readonly JobOutcome[]> | null;
  /** The number of events with more than one completed run. Null: there are no runs. */
  doubledRuns: number | null;
  /** The number of events that the queue accepted and lost. */
  droppedEvents: number;
  /** The number of requests to the fake GitHub without those for tokens. */
  requests: number;
  /** Requests for what the fake GitHub lacks. */
  unexpected: string[];
}

const deliveriesPerSecond = 60;
/** Far above GitHub's limit, because a storm tests other limits. */
const rateLimit = 100_000;

/** Sends a storm to a contender, lets it repair what it missed, and inspects the result. */
export async function runStorm(
  open: OpenContender,
  { seed, size, troubles = new Set(), createDatabase }: StormOptions,
): Promise<StormResult> {
  const github: FakeGitHub = createFakeGitHub({
    appId: Number(testEnvironment.APP_ID),
    webhookSecret,
    seed,
    rateLimit,
    clockSkew: troubles.has("skew") ? -skewSeconds : 0,
  });
  const githubServer = await serveGitHub(github);
  const story = playStory(github, createRandom(seed), size, troubles);
  const calmGitHub = troubleGitHub(github, createRandom(seed + 1));
  const database = await createDatabase();
  const contender = await open(githubServer.url, database);
  try {
    const postman = createStormPostman(github, contender);
    const random = createRandom(seed + 3);
    if (troubles.has("drop")) contender.dropEvents(() => random() < droppedShare);
    const disasters = createDisasters(contender, database, size);
    await inParallel(
      paced(scatter(story, createRandom(seed + 2))),
      senders,
      async ({ parcel, position, dueIn }) => {
        await pause(dueIn);
        disasters.reached(position / size.deliveries);
        await postman.deliver(parcel);
      },
    );
    await disasters.over();
    calmGitHub();
    contender.dropEvents(() => false);
    const reception = structuredClone(postman.reception);

    const repaired = await repair(github, contender, postman);
    const { acknowledged } = postman.reception;
    return {
      reception,
      repair: repaired,
      lostDeliveries: findLost(acknowledged, repaired.jobs),
      doubledRuns: contender.doubledRuns(),
      droppedEvents: contender.droppedEvents(),
      requests: totalOf(countByKind(github.requests)),
      unexpected: github.unexpected,
    };
  } finally {
    await contender.close();
    await database.drop();
    await githubServer.close();
  }
}

function findLost(
  acknowledged: ReadonlySet<string>,
  jobs: Inspection["jobs"],
): StormResult["lostDeliveries"] {
  if (!jobs) return null;
  const found = [...acknowledged].map((id) => [id, jobs.get(id) ?? []] as const);
  return new Map(found.filter(([, outcomes]) => outcomes.every(({ state }) => state !== "completed")));
}

/** Yields bursts of one parcel for each sender at a fixed pace, whatever the server's answers take. */
function* paced(parcels: Iterable<Parcel>) {
  let dueAt = performance.now();
  let position = 0;
  for (const parcel of parcels) {
    yield { parcel, position: position++, dueIn: Math.max(0, dueAt - performance.now()) };
    if (position % senders === 0)
      dueAt = Math.max(dueAt, performance.now()) + (senders * 1000) / deliveriesPerSecond;
  }
}
