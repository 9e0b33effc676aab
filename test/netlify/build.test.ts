import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionsFolder } from "../../scripts/bundle-functions.ts";
import viteConfig from "../../vite.config.ts";

const root = join(import.meta.dirname, "../..");

/** The first value of that name in netlify.toml. */
async function valueOf(name: string): Promise<string> {
  const toml = await readFile(join(root, "netlify.toml"), "utf8");
  const [, value = ""] = new RegExp(`^${name} = "(.*)"$`, "m").exec(toml) ?? [];
  return value;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pr-capture-build-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("Netlify publishes the console, and deploys the functions that the build writes", async () => {
  const { root: page = "", build } = viteConfig;
  expect(resolve(root, await valueOf("publish"))).toBe(resolve(root, page, build?.outDir ?? ""));
  expect(resolve(root, await valueOf("directory"))).toBe(functionsFolder);
});

test("the build command installs the tools that it needs where NODE_ENV is production", async () => {
  const tool = { name: "tool", version: "1.0.0", bin: "./tool.js" };
  const site = {
    name: "site",
    version: "1.0.0",
    scripts: { build: "tool" },
    devDependencies: { tool: "file:./tool" },
  };
  const lock = {
    ...site,
    lockfileVersion: 3,
    packages: {
      "": site,
      "node_modules/tool": { resolved: "tool", link: true },
      tool: { ...tool, dev: true },
    },
  };
  await mkdir(join(folder, "tool"));
  await writeFile(join(folder, "tool/package.json"), JSON.stringify(tool));
  await writeFile(join(folder, "tool/tool.js"), '#!/usr/bin/env node\nconsole.log("built");\n', {
    mode: 0o755,
  });
  await writeFile(join(folder, "package.json"), JSON.stringify(site));
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(lock));
  const environment = { ...process.env, NODE_ENV: "production", npm_config_offline: "true" };
  const command = await valueOf("command");
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { cwd: folder, env: environment });
  expect(stdout).toContain("built");
});
