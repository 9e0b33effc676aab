import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setVariables, writeEnvFile } from "../../src/setup/env-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pr-capture-env-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a file that others could read keeps its content, and only its owner can read it", async () => {
  const file = join(folder, ".env");
  await writeFile(file, "# mine\nPORT=4000");
  await chmod(file, 0o644);
  await writeEnvFile(file, { APP_ID: "7" });
  expect(await readFile(file, "utf8")).toBe("# mine\nPORT=4000\nAPP_ID=7\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a copy of .env.example gets its values in place, whatever they were", async () => {
  const example = await readFile(join(import.meta.dirname, "../../.env.example"), "utf8");
  const before = example.replace(/^PRIVATE_KEY=$/m, 'export PRIVATE_KEY="old\nPORT=1\nkey" # mine');
  const variables = { APP_ID: "7", PRIVATE_KEY: "bmV3$&==", WEBHOOK_SECRET: "s", ADMIN_TOKEN: "t" };
  const after = setVariables(before, variables);
  expect(parseEnv(after)).toEqual({ ...parseEnv(example), ...variables });
  expect(after.split("\n")).toHaveLength(example.split("\n").length);
});

test.each(["plain", "a b", "with#hash", "it's", 'quo"te', "", "$HOME \\n"])(
  "the value %j is read as it was written",
  (value) => {
    expect(parseEnv(setVariables("", { NAME: value }))).toEqual({ NAME: value });
  },
);
