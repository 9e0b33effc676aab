import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { SetupError } from "./setup-error.ts";

const file = ".env";

/** Adds the variables of the file .env that are not set. An empty variable is not set. Throws a `SetupError` if the file cannot be read. */
export function loadEnvironmentFile(environment: NodeJS.ProcessEnv): void {
  if (!existsSync(file)) return;
  for (const [name, value] of Object.entries(readVariables())) {
    if (!environment[name]?.trim()) environment[name] = value;
  }
}

function readVariables(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    throw new SetupError(
      `Could not read the file ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
