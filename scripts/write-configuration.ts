/** Writes docs/configuration.md and .env.example from the schema in src/config-variables.ts. */
import { writeFile } from "node:fs/promises";
import { toExample, toMarkdown } from "./render-configuration.ts";

await writeFile(new URL("../docs/configuration.md", import.meta.url), toMarkdown());
await writeFile(new URL("../.env.example", import.meta.url), toExample());
