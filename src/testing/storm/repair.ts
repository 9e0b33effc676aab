import type { FakeGitHub } from "../../fake-github/index.ts";
import { toTruth } from "../truth.ts";
import type { Contender, Inspection } from "./contender.ts";
import { inParallel } from "./in-parallel.ts";
import { senders, type StormPostman } from "./postman.ts";

/** The state after all repairs. */
export interface Repair extends Inspection {
  /** The time from the end of the storm until the rows were correct. Null: they never were. */
  afterMs: number | null;
  /** The number of repairs. */
  rounds: number;
}

const maxRounds = 5;

/** Starts repairs and delivers the redeliveries that they request, until the rows are correct. */
export async function repair(
  github: FakeGitHub,
  contender: Contender,
  postman: StormPostman,
): Promise<Repair> {
  const startedAt = performance.now();
  const truth = toTruth(github);
  await contender.idle(); // a job that sleeps while time moves would look like an event that was not run
  if (contender.droppedEvents() > 0) {
    await contender.fastForward();
    await contender.idle();
  }
  for (let rounds = 0; ; rounds++) {
    const inspection = await contender.inspect(truth);
    const isCorrect = inspection.differences.length === 0;
    if (isCorrect || rounds === maxRounds || !(await contender.reconcile()))
      return { ...inspection, rounds, afterMs: isCorrect ? performance.now() - startedAt : null };
    await contender.idle();
    await inParallel(github.takeRedeliveries(), senders, (delivery) =>
      postman.deliver({ delivery, fate: "arrives" }),
    );
    await contender.idle();
  }
}
