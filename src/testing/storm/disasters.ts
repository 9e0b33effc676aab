import { setTimeout as pause } from "node:timers/promises";
import type { Contender } from "./contender.ts";
import type { StormDatabase } from "./storm-database.ts";
import type { StormSize } from "./storm-size.ts";

export interface Disasters {
  /** Starts the disasters that are due at this share of the storm, from 0 to 1. */
  reached(share: number): void;
  /** Resolves when all started disasters are over. */
  over(): Promise<void>;
}

/** How long the event endpoint refuses events: a minute for 10,000 deliveries. */
const refusedMsPerDelivery = 6;
/** How long the database is down. */
const downMsPerDelivery = 1;
const maxDownMs = 3_000;

/** Kills the server, makes its event endpoint refuse events, and restarts its database, each at a set time of the storm. */
export function createDisasters(contender: Contender, database: StormDatabase, size: StormSize): Disasters {
  let lastStart: Promise<unknown> = Promise.resolve();
  /** Disasters that affect a start follow each other, so that the server can always start. */
  const afterTheLast = (strike: () => Promise<unknown>) => () => (lastStart = lastStart.then(strike));

  const due = [
    ...Array.from({ length: size.kills }, (_, index) => ({
      at: (index + 0.5) / size.kills,
      strike: afterTheLast(() => contender.kill()),
    })),
    {
      at: 0.3,
      async strike() {
        contender.refuseEvents(true);
        await pause(size.deliveries * refusedMsPerDelivery);
        contender.refuseEvents(false);
      },
    },
    {
      at: 0.7,
      strike: afterTheLast(() => database.restart(Math.min(maxDownMs, size.deliveries * downMsPerDelivery))),
    },
  ];
  const struck: Promise<unknown>[] = [];
  return {
    reached(share) {
      for (const disaster of due.filter(({ at }) => at <= share)) {
        due.splice(due.indexOf(disaster), 1);
        const strike = disaster.strike();
        strike.catch(() => {}); // `over` rejects
        struck.push(strike);
      }
    },
    async over() {
      await Promise.all(struck);
    },
  };
}
