import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { migrate } from "../../../src/lib/embedded/migrate.ts";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { patience } from "../../support/patience.ts";

const server = inject("postgresServer");
if (server === null)
  console.log(
    "Without TEST_DATABASE_URL the tests of leases and terminated backends are skipped: they need a Postgres server.",
  );

const pgbouncer = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].find((path) => existsSync(path));
if (!pgbouncer)
  console.log(
    "Without PgBouncer the tests of leases through a transaction pooler are skipped. Install it: apt-get install pgbouncer",
  );

const quick = { lastsMs: 1_500, renewEveryMs: 200 };
const name = `leases_${process.pid}`;

function urlOf(base: string): string {
  const url = new URL(base);
  url.pathname = name;
  return url.href;
}

describe.runIf(server)("on a Postgres server", () => {
  const base = server ?? "";
  let admin: SqlDatabase;
  let db: SqlDatabase;

  beforeAll(async () => {
    admin = openPostgres(base);
    await admin.exec(`create database ${name}`);
    db = openPostgres(urlOf(base), { lease: quick });
  });
  afterAll(async () => {
    await db.close();
    await admin.exec(`drop database ${name} with (force)`);
    await admin.close();
  });

  const setHolder = (lock: string, holder: string, place: string, pid: number, lastsMs: number) =>
    db.query(
      `insert into embedded_inngest.leases (name, holder, place, pid, expires_at)
       values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 millisecond')
       on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at`,
      [lock, holder, place, pid, lastsMs],
    );

  test("a terminated backend fails only its transaction", async () => {
    const transactions = Array.from({ length: 5 }, () =>
      db.transaction(async (tx) => {
        const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
        await admin.query("select pg_terminate_backend($1)", [row?.pid]);
        await vi.waitFor(
          async () =>
            expect(await admin.query("select from pg_stat_activity where pid = $1", [row?.pid])).toEqual([]),
          patience,
        );
        await tx.query("select 1");
      }),
    );
    for (const result of await Promise.allSettled(transactions)) expect(result.status).toBe("rejected");
    expect(await db.transaction((tx) => tx.query("select 1 as one"))).toEqual([{ one: 1 }]);
  });

  test("the lease of a crashed server is taken over when it expires", async () => {
    await (await db.tryLock("elsewhere"))?.release();
    await setHolder("elsewhere", "crashed", "another machine", 1, 1_000);
    const lock = await db.tryLock("elsewhere");
    expect(lock).not.toBeNull();
    await lock?.release();
  });

  test("a holder that loses its lease to another server is notified", async () => {
    const lost = Promise.withResolvers<Error>();
    await db.tryLock("taken", lost.resolve);
    await setHolder("taken", "another", "another machine", 1, 60_000);
    expect((await lost.promise).message).toContain("another server has taken it");
  });

  test("closing the database ends the wait for a lease and leaves none", async () => {
    const taken = await db.tryLock("closing");
    const other = openPostgres(urlOf(base), { lease: { lastsMs: 60_000, renewEveryMs: 60_000 } });
    await setHolder("closing", "elsewhere", "another machine", 1, 60_000);
    const waiting = other.tryLock("closing");
    const early = openPostgres(urlOf(base), { lease: quick });
    const taking = early.tryLock("early");
    await Promise.all([other.close(), early.close()]);
    expect(await Promise.all([waiting, taking])).toEqual([null, null]);
    expect(await db.query("select from embedded_inngest.leases where name = 'early'")).toEqual([]);
    await taken?.release();
  });

  test("terminated backends do not lose a lease", async () => {
    let isLost = false;
    const lock = await db.tryLock("kept", () => (isLost = true));
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    const renewals = async () =>
      (
        await db.query<{ renewals: number }>(
          "select renewals from embedded_inngest.leases where name = 'kept'",
        )
      )[0]?.renewals ?? 0;
    const before = await renewals().catch(() => 0);
    await vi.waitFor(async () => expect(await renewals()).toBeGreaterThan(before + 1), patience);
    expect(isLost).toBe(false);
    await lock?.release();
  });

  describe.runIf(pgbouncer)("through PgBouncer in transaction mode", () => {
    let folder: string;
    let pooler: ChildProcess;
    let pooled: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "pr-capture-pgbouncer-"));
      await chmod(folder, 0o777);
      const free = createServer().listen(0, "127.0.0.1");
      await once(free, "listening");
      const { port } = free.address() as AddressInfo;
      free.close();
      const { hostname, port: serverPort, username } = new URL(base);
      const lines = [
        "[databases]",
        `* = host=${hostname} port=${serverPort || 5432} user=${username}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "server_round_robin = 1",
      ];
      await writeFile(join(folder, "pgbouncer.ini"), lines.join("\n"));
      const asRoot = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
      pooler = spawn(pgbouncer ?? "", [...asRoot, join(folder, "pgbouncer.ini")], { stdio: "ignore" });
      const url = new URL(urlOf(base));
      url.host = `127.0.0.1:${port}`;
      pooled = url.href;
      const probe = openPostgres(pooled);
      await vi.waitFor(() => probe.query("select 1"), patience);
      await probe.close();
    });
    afterAll(async () => {
      pooler.kill("SIGKILL");
      await rm(folder, { recursive: true });
    });

    test("migrations apply, and one of two servers gets the queue", async () => {
      const one = openPostgres(pooled, { lease: quick });
      const other = openPostgres(pooled, { lease: quick });
      await Promise.all([migrate(one), migrate(other)]);
      const locks = await Promise.all([one.tryLock("engine"), other.tryLock("engine")]);
      expect(locks.filter((lock) => lock !== null)).toHaveLength(1);
      await one.close();
      await other.close();
    });

    test("a live holder in another process keeps its lease, and a killed one is replaced at once", async () => {
      const script = `
        import { openPostgres } from ${JSON.stringify(new URL("../../../src/lib/embedded/open-postgres.ts", import.meta.url).href)};
        const lock = await openPostgres(${JSON.stringify(pooled)}, { lease: { lastsMs: 60000, renewEveryMs: 200 } }).tryLock("killed");
        console.log(lock ? "held" : "refused");
        setInterval(() => {}, 1000);`;
      const holder = spawn(process.execPath, ["--input-type=module", "-e", script]);
      const [line] = (await once(holder.stdout, "data")) as [Buffer];
      expect(String(line)).toContain("held");
      const db2 = openPostgres(pooled, { lease: { lastsMs: 60_000, renewEveryMs: 1_000 } });
      expect(await db2.tryLock("killed")).toBeNull();
      holder.kill("SIGKILL");
      await once(holder, "exit");
      expect(await db2.tryLock("killed")).not.toBeNull();
      await db2.close();
    });
  });
});
