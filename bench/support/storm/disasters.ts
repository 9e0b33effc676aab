import { setTimeout as pause } from "node:timers/promises";
import type { Contender } from "./contender.ts";
import type { StormDatabase } from "./storm-database.ts";
import type { StormSize } from "./storm-size.ts";

export interface Disasters {
  /** Tells how much of the storm has passed, from 0 to 1. What is due then strikes. */
  reached(share: number): void;
  /** Resolves when all that has struck is over. */
  over(): Promise<void>;
}

/** The event endpoint refuses for so long: for a minute where there are 10,000 deliveries. */
const refusedMsPerDelivery = 6;
/** The database is down for so long, at most. */
const downMsPerDelivery = 1;
const longestDownMs = 3_000;

/** The server is killed, its event endpoint refuses, and its database is restarted, each when its time has come. */
export function createDisasters(contender: Contender, database: StormDatabase, size: StormSize): Disasters {
  let lastStart: Promise<unknown> = Promise.resolve();
  /** No server is killed while another disaster keeps it from starting. */
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
      strike: afterTheLast(() =>
        database.restart(Math.min(longestDownMs, size.deliveries * downMsPerDelivery)),
      ),
    },
  ];
  const struck: Promise<unknown>[] = [];
  return {
    reached(share) {
      for (const disaster of due.filter(({ at }) => at <= share)) {
        due.splice(due.indexOf(disaster), 1);
        const strike = disaster.strike();
        strike.catch(() => {}); // `over` tells
        struck.push(strike);
      }
    },
    async over() {
      await Promise.all(struck);
    },
  };
}
