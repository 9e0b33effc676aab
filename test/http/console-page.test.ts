import { execFile } from "node:child_process";
import { cp, mkdtemp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createConsolePage } from "../../src/http/console-page.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const parts = [
  "package.json",
  "scripts",
  "src/api",
  "src/client",
  "src/console",
  "tsconfig.json",
  "vite.config.ts",
];

/** A fresh clone in which `npm ci` has just installed the packages and runs `prepare`. */
let clone: string;
let built: string;
beforeAll(async () => {
  clone = await copyOfParts();
  await symlink(join(root, "node_modules"), join(clone, "node_modules"));
  await run("npm", ["run", "prepare"], { cwd: clone });
  built = join(clone, "dist/console");
});
afterAll(() => rm(clone, { recursive: true }));

async function copyOfParts(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-clone-"));
  await Promise.all(parts.map((part) => cp(join(root, part), join(folder, part), { recursive: true })));
  return folder;
}

/** The addresses of the scripts, styles and icon in the page. */
async function assetsOf(page: ReturnType<typeof createConsolePage>): Promise<string[]> {
  const html = await (await page.request("/")).text();
  return [...html.matchAll(/(?:src|href)="\.?([^"]+)"/g)].map(([, path = ""]) => path);
}

test("installing the packages builds the page, so that the server shows it", async () => {
  const page = createConsolePage(built);
  const response = await page.request("/");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  const assets = await assetsOf(page);
  expect(assets.length).toBeGreaterThanOrEqual(3);
  for (const asset of assets) expect((await page.request(asset)).status).toBe(200);
});

test("without the development dependencies, installing says how to have the page, and succeeds", async () => {
  const folder = await copyOfParts();
  const { stdout } = await run(process.execPath, ["scripts/build-console.js"], { cwd: folder });
  await rm(folder, { recursive: true });
  expect(stdout).toBe(
    "The console is not built, because Vite is not installed. To have it, run: npm ci --include=dev\n",
  );
});

test("a server without a built page says which command builds it, and shows the page once it is there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-page-"));
  const page = createConsolePage(folder);
  const missing = await page.request("/");
  expect(missing.status).toBe(503);
  expect(await missing.text()).toContain("npm run build");
  await writeFile(join(folder, "index.html"), "<p>here</p>");
  expect(await (await page.request("/")).text()).toBe("<p>here</p>");
  await rm(folder, { recursive: true });
});

test("browsers ask for the page each time, and keep its assets", async () => {
  const page = createConsolePage(built);
  expect((await page.request("/")).headers.get("cache-control")).toBe("no-cache");
  const [asset = ""] = (await assetsOf(page)).filter((path) => path.endsWith(".js"));
  const response = await page.request(asset, { headers: { "accept-encoding": "gzip" } });
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(response.headers.get("content-encoding")).toBe("gzip");
});

test("a missing asset is not found, and is not kept", async () => {
  const response = await createConsolePage(built).request("/assets/old-hash.js");
  expect(response.status).toBe(404);
  expect(response.headers.get("cache-control")).toBeNull();
});

test("no path leaves the page's folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-page-"));
  await mkdir(join(folder, "page/assets"), { recursive: true });
  await writeFile(join(folder, "page/index.html"), "");
  await writeFile(join(folder, "secret"), "secret");
  const page = createConsolePage(join(folder, "page"));
  for (const path of ["/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret", "/assets/..%2f..%2fsecret"])
    expect((await page.request(path)).status).toBe(404);
  await rm(folder, { recursive: true });
});

test("the server and Netlify send the same policy: nothing inline, nothing from elsewhere", async () => {
  const { headers } = await createConsolePage(built).request("/");
  const netlify = await readFile(join(root, "netlify.toml"), "utf8");
  for (const name of [
    "Content-Security-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
  ]) {
    const [, value] = new RegExp(`^${name} = "(.+)"$`, "m").exec(netlify) ?? [];
    expect(`${name}: ${headers.get(name)}`).toBe(`${name}: ${value}`);
  }
  expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
  const html = await (await createConsolePage(built).request("/")).text();
  expect(html).not.toMatch(/<style|style="|<script(?![^>]* src=)|\son\w+=|https?:/);
});

const maxBytes = 80_000;

test(`the whole page is at most ${maxBytes} bytes when compressed`, async () => {
  const entries = await readdir(built, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => gzipSync(await readFile(join(parentPath, name))).length),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxBytes);
});
