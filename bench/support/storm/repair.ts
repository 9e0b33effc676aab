import type { GitHub } from "../../../src/demo/github/index.ts";
import { toTruth } from "../../../src/demo/truth.ts";
import type { Contender, Inspection } from "./contender.ts";
import { inParallel } from "./in-parallel.ts";
import { senders, type Postman } from "./postman.ts";

/** What is left when all repairs are done. */
export interface Repair extends Inspection {
  /** From the end of the storm until the rows were the truth, in milliseconds; null where they never were. */
  afterMs: number | null;
  /** How often repairs were asked for. */
  rounds: number;
}

const mostRounds = 5;

/** Asks for repairs, and delivers what was asked for again, until the rows are the truth. */
export async function repair(github: GitHub, contender: Contender, postman: Postman): Promise<Repair> {
  const startedAt = performance.now();
  const truth = toTruth(github);
  await contender.idle();
  for (let rounds = 0; ; rounds++) {
    const inspection = await contender.inspect(truth);
    const isTrue = inspection.differences.length === 0;
    if (isTrue || rounds === mostRounds || !(await contender.reconcile()))
      return { ...inspection, rounds, afterMs: isTrue ? performance.now() - startedAt : null };
    await contender.idle();
    await inParallel(github.takeRedeliveries(), senders, (delivery) =>
      postman.deliver({ delivery, fate: "arrives" }),
    );
    await contender.idle();
  }
}
