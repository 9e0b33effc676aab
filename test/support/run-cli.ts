import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), "pr-capture-compile-cache") };

export interface Cli {
  /** The server's URL. */
  url: string;
  adminToken: string;
}

type Environment = Record<string, string>;

/** Starts `npx pr-capture …` as a process. */
export function spawnCli({ url, adminToken }: Cli, args: string[], environment: Environment = {}) {
  return spawn(process.execPath, ["src/cli.ts", ...args], {
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
