import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openAsBlob } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";

/** Each makes a database of its own, which a busy machine takes long for. */
const SEVERAL_PROCESSES_MS = 180_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pglite-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Another process, once it has committed its row. */
async function startOther(): Promise<ChildProcess> {
  const other = fork(join(import.meta.dirname, "hold-pglite.ts"), [folder]);
  await once(other, "message");
  return other;
}

test(
  "a folder that another process uses is refused, until that one is killed; its commits are there",
  { timeout: SEVERAL_PROCESSES_MS },
  async () => {
    const other = await startOther();
    await expect(openPglite(folder)).rejects.toThrow(
      `The data folder ${folder} is in use by another process.`,
    );
    other.kill("SIGKILL");
    await once(other, "exit");

    const db = await openPglite(folder);
    expect(await db.query("select * from kept")).toEqual([{ id: 1 }]);
    await db.close();
  },
);

test("a folder opened twice in one process is refused, and free again after close", async () => {
  await cp(inject("pgliteFolder"), folder, { recursive: true });
  const first = await openPglite(folder);
  await expect(openPglite(folder)).rejects.toThrow("in use");
  await first.close();
  const second = await openPglite(folder);
  await second.close();
});

test("bigint is a number, jsonb is parsed, a timestamp is a Date", async () => {
  const db = await openPglite("memory://", await openAsBlob(inject("pgliteSnapshot")));
  const [row] = await db.query("select 5::bigint as n, '{\"a\": 1}'::jsonb as j, 'epoch'::timestamptz as t");
  expect(row).toEqual({ n: 5, j: { a: 1 }, t: new Date(0) });
  await db.close();
});
