import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { toExample, toMarkdown } from "../scripts/render-configuration.ts";

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), "utf8");

test("docs/configuration.md and .env.example are those that npm run docs writes", async () => {
  expect(await read("docs/configuration.md")).toBe(toMarkdown());
  expect(await read(".env.example")).toBe(toExample());
});
