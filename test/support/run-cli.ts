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

/** Runs `npm run capture -- …` as a process. Resolves with its output and exit code when it has ended. */
export async function runCli(
  { url, adminToken }: Cli,
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawn(process.execPath, ["src/cli.ts", ...args], {
    env: {
      PATH: process.env["PATH"],
      ...compileCache,
      PR_CAPTURE_URL: url,
      ADMIN_TOKEN: adminToken,
      ...environment,
    },
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { out, err, code };
}
