import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { patience } from "../support/patience.ts";
import { serverTest } from "../support/server-test.ts";

/** The server's start with a DATA_DIR that it cannot use. */

const test = serverTest.concurrent;

/** Mounts a disk of that size. Returns null if this user may not mount. */
async function mountDisk(size: string): Promise<string | null> {
  const place = await mkdtemp(join(tmpdir(), "pr-capture-disk-"));
  if (run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", place)) return place;
  await rm(place, { recursive: true });
  return null;
}

async function unmount(place: string): Promise<void> {
  run("umount", place);
  await rm(place, { recursive: true });
}

const run = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

const probe = await mountDisk("1m");
if (probe) await unmount(probe);
else console.log("This user may not mount, so tests with full and read-only disks are skipped.");
const canMount = probe !== null;
const isRoot = process.getuid?.() === 0;

test("a DATA_DIR that is a file, or inside one, ends the start with one sentence that names it", async ({
  start,
  folder,
}) => {
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const DATA_DIR of [file, join(file, "data")]) {
    const started = start({ DATA_DIR });
    await expect(started).rejects.toThrow(`The data folder ${DATA_DIR} cannot be used`);
    await expect(started).rejects.toThrow(/set DATA_DIR to a folder that this process can write to\.$/);
  }
});

// A recursive mkdir never returns there, so a start that used one would hang.
serverTest.runIf(existsSync("/proc/self"))(
  "a DATA_DIR that the kernel refuses to create ends the start with one sentence that names it",
  { concurrent: true },
  async ({ start }) => {
    for (const DATA_DIR of ["/proc/pr-capture", "/proc/pr-capture/data"]) {
      await expect(start({ DATA_DIR })).rejects.toThrow(`The data folder ${DATA_DIR} cannot be used`);
    }
  },
);

serverTest.runIf(!isRoot || canMount)(
  "a read-only DATA_DIR ends the start with one sentence that does not call it damaged",
  { concurrent: true },
  async ({ start, folder }) => {
    const disk = isRoot ? await mountDisk("64m") : null;
    const DATA_DIR = disk ? join(disk, "data") : folder;
    if (disk) {
      await cp(folder, DATA_DIR, { recursive: true });
      run("mount", "-o", "remount,ro", disk);
    } else await chmod(folder, 0o555);
    try {
      const started = start({ DATA_DIR });
      await expect(started).rejects.toThrow(/set DATA_DIR to a folder that this process can write to\.$/);
    } finally {
      if (disk) await unmount(disk);
      else await chmod(folder, 0o755);
    }
  },
);

/** The disk's size, and the kilobytes that are free. PGlite's files take 40 MB. */
serverTest.runIf(canMount).for([
  ["new folder", "4m", null],
  ["folder without space for a lock file", "64m", 0],
  ["folder without space for the queue", "64m", 96],
] as const)(
  "a full disk, with a %s, ends the start with one sentence that names DATA_DIR",
  { concurrent: true },
  async ([, size, leftKb], { start, folder }) => {
    const disk = await mountDisk(size);
    if (!disk) throw new Error("The disk could not be mounted.");
    const DATA_DIR = join(disk, "data");
    try {
      if (leftKb !== null) {
        await cp(folder, DATA_DIR, { recursive: true });
        await rm(join(DATA_DIR, "lock"));
        const filling = join(disk, "filling");
        run("dd", "if=/dev/zero", `of=${filling}`, "bs=4k");
        await truncate(filling, (await stat(filling)).size - leftKb * 1024);
      }
      await expect(start({ DATA_DIR })).rejects.toThrow(
        new RegExp(`^The server ended:\nThe disk of the data folder ${DATA_DIR} is full: .+ DATA_DIR\\.$`),
      );
    } finally {
      await unmount(disk);
    }
  },
);

test("a data folder without PG_VERSION is not replaced by an empty database", async ({ start, folder }) => {
  await rm(join(folder, "postgres", "PG_VERSION"));
  await expect(start()).rejects.toThrow(`The folder ${join(folder, "postgres")} holds files but no database`);
});

test("a data folder of another Postgres version ends the start with one sentence", async ({
  start,
  folder,
}) => {
  await writeFile(join(folder, "postgres", "PG_VERSION"), "12\n");
  await expect(start()).rejects.toThrow(/is of Postgres 12/);
});

test("a damaged data folder ends the start with one sentence", async ({ start, folder }) => {
  await writeFile(join(folder, "postgres", "global", "pg_control"), "damaged");
  await expect(start()).rejects.toThrow(/cannot be opened: it is damaged/);
});

test("a server starts after one that was killed while it created the data folder", async ({
  spawnServer,
  start,
  folder,
}) => {
  const DATA_DIR = join(folder, "new");
  const unfinished = async () =>
    (await readdir(DATA_DIR).catch(() => [])).filter((name) => name.startsWith("postgres.unfinished"));
  const killed = spawnServer({ DATA_DIR });
  await vi.waitFor(async () => expect(await unfinished()).toHaveLength(1), patience);
  await killed.end("SIGKILL");
  const { output } = await start({ DATA_DIR });
  expect(output).toContainEqual(expect.stringContaining(`Rows go to PGlite (${DATA_DIR})`));
  expect(await unfinished()).toEqual([]);
});
