import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { SqlPool, SqlQueries } from "./sql-database.ts";

/**
 * A lock that a server holds as a row and renews. Unlike an advisory lock it does not belong to a connection, so it also works
 * through a transaction pooler, where a session's lock stays with the pooler's connection: https://www.pgbouncer.org/features.html.
 * All times are the database's, so the servers' clocks do not matter.
 */
export interface Lease {
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** How long a lease lasts after its last renewal. After a crash on another machine, the next server waits this long at most. */
  lastsMs?: number;
  renewEveryMs?: number;
  /** Aborts the attempt to take the lease. */
  signal?: AbortSignal;
}

/** The holders in this process. */
const ownHolders = new Set<string>();

/**
 * Takes the lease with this name, or returns null while another holder renews it. It takes a moment to see a renewal. A lease whose
 * holder crashed is taken over: at once if the holder was a process on this machine, otherwise when the lease expires. `onLost` is
 * called when the lease could not be renewed in time, or another holder has taken it.
 */
export async function takeLease(
  db: SqlPool,
  name: string,
  onLost: (reason: Error) => void,
  { lastsMs = 15_000, renewEveryMs = 3_000, signal }: LeaseOptions = {},
): Promise<Lease | null> {
  await createTable(db);
  const holder = randomUUID();
  const process = { place: placeOfThisProcess(), pid: globalThis.process.pid };
  let seen: Holding | null = null;
  for (;;) {
    if (signal?.aborted) return null;
    const found = await tryToTake(db, { name, holder, lastsMs, ...process });
    if (found === null) break;
    if (ownHolders.has(found.holder)) return null;
    if (seen && (found.holder !== seen.holder || found.renewals !== seen.renewals)) return null;
    seen = found;
    if (isDead(found, process)) await end(db, name, found.holder);
    else await delay(Math.min(renewEveryMs / 4, lastsMs / 4), null, { signal }).catch(() => {}); // aborted
  }
  if (signal?.aborted) {
    await end(db, name, holder);
    return null;
  }
  return hold(db, { name, holder, lastsMs, renewEveryMs, onLost });
}

interface Holding {
  holder: string;
  place: string;
  pid: number;
  renewals: number;
}

function hold(
  db: SqlQueries,
  options: {
    name: string;
    holder: string;
    lastsMs: number;
    renewEveryMs: number;
    onLost: (reason: Error) => void;
  },
): Lease {
  const { name, holder, lastsMs, renewEveryMs, onLost } = options;
  ownHolders.add(holder);
  let renewedAt = performance.now();
  let renewing: Promise<void> | null = null;

  const lose = (reason: string) => {
    if (!ownHolders.delete(holder)) return;
    clearInterval(timer);
    onLost(new Error(`The lease "${name}" was lost: ${reason}.`));
  };
  // The lease survives a short outage of the database. After its expiry another server can hold it.
  const loseIfExpired = (reason: string) => {
    if (performance.now() - renewedAt > lastsMs)
      lose(`it could not be renewed for ${lastsMs / 1000} s (${reason})`);
  };
  const renew = async () => {
    const sentAt = performance.now();
    try {
      const renewed = await db.query(
        `update embedded_inngest.leases set renewals = renewals + 1, expires_at = clock_timestamp() + $3 * interval '1 millisecond'
          where name = $1 and holder = $2 returning 1`,
        [name, holder, lastsMs],
      );
      if (renewed.length > 0) renewedAt = sentAt;
      else lose("another server has taken it");
    } catch (error) {
      loseIfExpired(error instanceof Error ? error.message : String(error));
    }
  };
  const timer = setInterval(() => {
    if (renewing) loseIfExpired("the database does not answer");
    else renewing = renew().finally(() => (renewing = null));
  }, renewEveryMs);
  timer.unref();

  return {
    async release() {
      clearInterval(timer);
      if (!ownHolders.delete(holder)) return;
      await renewing;
      await end(db, name, holder).catch(() => {}); // it expires
    },
  };
}

/** Returns null when the lease was taken, otherwise its current holder. */
async function tryToTake(
  db: SqlQueries,
  {
    name,
    holder,
    lastsMs,
    place,
    pid,
  }: { name: string; holder: string; lastsMs: number; place: string; pid: number },
): Promise<Holding | null> {
  const taken = await db.query(
    `insert into embedded_inngest.leases as lease (name, holder, place, pid, expires_at)
     values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 millisecond')
     on conflict (name) do update
       set holder = excluded.holder, place = excluded.place, pid = excluded.pid, renewals = 0, expires_at = excluded.expires_at
       where lease.expires_at <= clock_timestamp()
     returning 1`,
    [name, holder, place, pid, lastsMs],
  );
  if (taken.length > 0) return null;
  const [found] = await db.query<Holding>(
    "select holder, place, pid, renewals from embedded_inngest.leases where name = $1",
    [name],
  );
  return found ?? tryToTake(db, { name, holder, lastsMs, place, pid }); // it was released between the two queries
}

async function end(db: SqlQueries, name: string, holder: string): Promise<void> {
  await db.query("delete from embedded_inngest.leases where name = $1 and holder = $2", [name, holder]);
}

async function createTable(db: SqlPool): Promise<void> {
  await db.transaction(async (tx) => {
    // Without this lock, one of two servers that start together fails to create the schema.
    await tx.query("select pg_advisory_xact_lock(hashtextextended('embedded_inngest.leases', 0))");
    await tx.exec(`
      create schema if not exists embedded_inngest;
      create table if not exists embedded_inngest.leases (
        name text primary key, holder text not null, place text not null, pid integer not null,
        renewals integer not null default 0, expires_at timestamptz not null
      );
    `);
  });
}

/** True when the holder was a process on this machine, in this container, and has ended. A pid means nothing elsewhere. */
function isDead({ place, pid }: Holding, own: { place: string; pid: number }): boolean {
  if (place !== own.place) return false;
  if (pid === own.pid) return true; // an earlier process with the same pid, since it is not in `ownHolders`
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Identifies this boot of the machine and the container. A pid is unique within them. */
function placeOfThisProcess(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname(); // not Linux
  }
}
