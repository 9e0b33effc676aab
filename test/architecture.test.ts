import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Who may import whom. The longest prefix that matches a file is its part; a part may always import itself. */
const mayImport: Record<string, readonly string[]> = {
  "src/lib/records": [],
  "src/lib/inngest/events.ts": ["src/lib/records"],
  "src/lib/inngest/client.ts": [],
  "src/lib/inngest/send-events.ts": ["src/lib/inngest/events.ts"],
  "src/lib/inngest/outbox.ts": [
    "src/lib/inngest/events.ts",
    "src/lib/inngest/send-events.ts",
    "src/lib/store",
  ],
  "src/lib/inngest/queue-manager.ts": [
    "src/lib/inngest/events.ts",
    "src/lib/inngest/send-events.ts",
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
    "src/queue.ts", // the ready instance, which asks a server
  ],
  "src/lib/alerts": ["src/lib/store"],
  "src/lib/inngest/functions": [
    "src/lib/alerts",
    "src/lib/inngest/events.ts",
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/github": ["src/lib/records"],
  "src/lib/store": ["src/lib/records"],
  "src/lib/embedded": [],
  "src/webhooks": ["src/lib/inngest/events.ts"],
  "src/app.ts": ["src/webhooks", "src/lib/inngest/events.ts"],
  "src/config.ts": [],
  "src/logger.ts": ["src/config.ts"],
  "src/http": ["src/lib/inngest", "src/lib/store", "src/services.ts"],
  "src/probot.ts": ["src/config.ts", "src/logger.ts"],
  "src/services.ts": ["src/app.ts", "src/config.ts", "src/http", "src/lib", "src/logger.ts", "src/probot.ts"],
  "src/serverless.ts": ["src/config.ts", "src/lib/embedded", "src/logger.ts", "src/services.ts"],
  "src/server.ts": ["src/config.ts", "src/http", "src/logger.ts", "src/services.ts"],
  "src/client": [],
  "src/queue.ts": ["src/client", "src/lib/inngest/queue-manager.ts"],
  "src/cli.ts": ["src/cli", "src/client"],
  "src/cli": ["src/client"],
  "src/demo/github": [],
  "src/demo": ["src/config.ts", "src/http", "src/logger.ts", "src/services.ts", "src/lib"],
  "netlify/functions": ["src/http", "src/serverless.ts"],
};

const files = ["src", "netlify"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file)),
);

function partOf(file: string): string {
  const parts = Object.keys(mayImport).filter((part) => file === part || file.startsWith(`${part}/`));
  const [longest] = parts.toSorted((a, b) => b.length - a.length);
  if (!longest) throw new Error(`${file} belongs to no part: name it in mayImport.`);
  return longest;
}

test("imports go only the ways they may", () => {
  const wrong = files.flatMap((file) => {
    const part = partOf(file);
    const allowed = [part, ...(mayImport[part] ?? [])];
    const imports = readFileSync(join(root, file), "utf8").matchAll(/from "(\.[^"]+)"/g);
    return [...imports]
      .map(([, path = ""]) => relative(root, join(root, dirname(file), path)))
      .filter((imported) => !allowed.some((each) => imported === each || imported.startsWith(`${each}/`)))
      .map((imported) => `${file} imports ${imported}`);
  });
  expect(wrong).toEqual([]);
});

test("only config.ts and the entry points read the environment", () => {
  const readers = files.filter((file) => readFileSync(join(root, file), "utf8").includes("process.env"));
  expect(readers.toSorted()).toEqual(["src/cli.ts", "src/queue.ts", "src/server.ts", "src/serverless.ts"]);
});
