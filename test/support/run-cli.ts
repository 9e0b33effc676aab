import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), "pr-capture-compile-cache") };

export interface Cli {
  /** The server's URL. */
  url: string;
  adminToken: string;
  /** Where it looks for .env. The project's folder by default. */
  cwd?: string;
}

type Environment = Record<string, string>;

/** Starts `npx pr-capture …` as a process. */
export function spawnCli({ url, adminToken, cwd }: Cli, args: string[], environment: Environment = {}) {
  return spawn(process.execPath, [entry, ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      ...compileCache,
      PR_CAPTURE_URL: url,
      ADMIN_TOKEN: adminToken,
      ...environment,
    },
  });
}

/** Runs `npx pr-capture …`. Resolves with its output and exit code when it has ended. */
export async function runCli(
  cli: Cli,
  args: string[],
  environment: Environment = {},
): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawnCli(cli, args, environment);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { out, err, code };
}
