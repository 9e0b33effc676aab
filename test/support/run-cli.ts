import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export interface Cli {
  /** The server it asks. */
  url: string;
  adminToken: string;
}

/** `npm run capture -- …` as a process of its own. Resolves with all it has printed once it has ended. */
export async function runCli(
  { url, adminToken }: Cli,
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawn(process.execPath, ["src/cli.ts", ...args], {
    env: { PATH: process.env["PATH"], PR_CAPTURE_URL: url, ADMIN_TOKEN: adminToken, ...environment },
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { out, err, code };
}
