import { setTimeout as pause } from "node:timers/promises";
import { createGitHub, serveGitHub } from "../../../src/demo/github/index.ts";
import { countByKind, totalOf } from "../../../src/demo/request-kind.ts";
import { createRandom } from "../../../src/demo/seeded-random.ts";
import { testEnvironment, webhookSecret } from "../../../test/support/test-config.ts";
import type { Inspection, JobOutcome, OpenContender } from "./contender.ts";
import { createDisasters } from "./disasters.ts";
import { inParallel } from "./in-parallel.ts";
import { createPostman, senders, type Reception } from "./postman.ts";
import { repair, type Repair } from "./repair.ts";
import { scatter, type Parcel } from "./scatter.ts";
import type { StormDatabase } from "./storm-database.ts";
import type { StormSize } from "./storm-size.ts";
import { tellStory } from "./story.ts";
import { troubleGitHub } from "./trouble-github.ts";

export interface StormOptions {
  seed: number;
  size: StormSize;
  /** Each storm has a database of its own, which is dropped after it. */
  createDatabase: () => Promise<StormDatabase>;
}

/** What a storm leaves behind. */
export interface Aftermath {
  /** Of the storm alone, without what was delivered again for repair. */
  reception: Reception;
  repair: Repair;
  /** Deliveries that were answered 2xx and have no completed job, by GUID, with the jobs they have. Null: there are no jobs. */
  forgotten: ReadonlyMap<string, readonly JobOutcome[]> | null;
  /** How many event ids had more than one run that completed. Null: there are no runs. */
  doubledRuns: number | null;
  /** Requests to GitHub, all but those for tokens. */
  requests: number;
  /** What the stand-in was asked and does not know. */
  unexpected: string[];
}

const deliveriesPerSecond = 60;
/** Far above what an installation has in an hour: a storm tries other limits. */
const rateLimit = 100_000;

/** Lets a storm loose on a contender, has it repair what it missed, and looks at what it has. */
export async function runStorm(
  open: OpenContender,
  { seed, size, createDatabase }: StormOptions,
): Promise<Aftermath> {
  const github = createGitHub({ appId: Number(testEnvironment.APP_ID), webhookSecret, seed, rateLimit });
  const standIn = await serveGitHub(github);
  const story = tellStory(github, createRandom(seed), size);
  const calmGitHub = troubleGitHub(github, createRandom(seed + 1), story.now);
  const database = await createDatabase();
  const contender = await open(standIn.url, database);
  try {
    const postman = createPostman(github, contender);
    const disasters = createDisasters(contender, database, size);
    await inParallel(
      paced(scatter(story.deliveries, createRandom(seed + 2))),
      senders,
      async ({ parcel, position, dueIn }) => {
        await pause(dueIn);
        disasters.reached(position / size.deliveries);
        await postman.deliver(parcel);
      },
    );
    await disasters.over();
    calmGitHub();
    const reception = structuredClone(postman.reception);

    const repaired = await repair(github, contender, postman);
    const { acknowledged } = postman.reception;
    return {
      reception,
      repair: repaired,
      forgotten: findForgotten(acknowledged, repaired.jobs),
      doubledRuns: contender.doubledRuns(),
      requests: totalOf(countByKind(github.requests)),
      unexpected: github.unexpected,
    };
  } finally {
    await contender.close();
    await database.drop();
    await standIn.close();
  }
}

function findForgotten(acknowledged: ReadonlySet<string>, jobs: Inspection["jobs"]): Aftermath["forgotten"] {
  if (!jobs) return null;
  const found = [...acknowledged].map((id) => [id, jobs.get(id) ?? []] as const);
  return new Map(found.filter(([, outcomes]) => outcomes.every(({ state }) => state !== "completed")));
}

/** Bursts, one parcel for each sender, at GitHub's pace: neither a slow server changes it nor one that is dead and refuses quickly. */
function* paced(parcels: Iterable<Parcel>) {
  let dueAt = performance.now();
  let position = 0;
  for (const parcel of parcels) {
    yield { parcel, position: position++, dueIn: Math.max(0, dueAt - performance.now()) };
    if (position % senders === 0)
      dueAt = Math.max(dueAt, performance.now()) + (senders * 1000) / deliveriesPerSecond;
  }
}
