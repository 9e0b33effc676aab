import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface LockedPackage {
  /** Installed instead of the package that the path names. */
  name?: string;
  dev?: boolean;
}

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};
const inProduction = Object.entries(lock.packages)
  .filter(([, { dev }]) => !dev)
  .map(([path, { name = path.split("node_modules/").at(-1) }]) => name);

test("a production install has no instrumentations of OpenTelemetry, which inngest depends on: 170 MB", () => {
  const unwanted = /^@opentelemetry\/(auto-instrumentations|instrumentation-|sdk-node)/;
  expect(inProduction.filter((name) => unwanted.test(name ?? ""))).toEqual([]);
  expect(inProduction.filter((name) => name === "@octokit/openapi-types")).toHaveLength(1);
});

test("nothing imports inngest's experimental traces, which need the instrumentations", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const importers = files.filter((file) =>
    readFileSync(join(root, "src", file), "utf8").includes("inngest/experimental"),
  );
  expect(importers).toEqual([]);
});
