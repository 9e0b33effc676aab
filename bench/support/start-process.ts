import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServerProcess {
  url: string;
  pid: number;
  /** What it has printed so far, line by line. */
  output: readonly string[];
  /** Resolves with the exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
}

/** Runs a server as a process of its own. Resolves once it has printed where it listens; rejects with its output when it ends before. */
export async function startProcess(
  script: URL,
  options: { environment: Record<string, string>; folder: string; argument?: string },
): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(script), ...(options.argument ? [options.argument] : [])],
    {
      env: options.environment,
      cwd: options.folder,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const exit = once(child, "exit");
  process.once("exit", () => child.kill()); // where the benchmark itself fails
  const output: string[] = [];
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        const [, listening] = /Listening on (http:\/\/[\w.:]+)/.exec(line) ?? [];
        if (listening) resolve(listening);
      });
    }
    void exit.then(() => reject(new Error(`${script.pathname} ended:\n${output.join("\n")}`)));
  });
  return {
    url: await url,
    pid: child.pid ?? 0,
    output,
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await exit;
      return code;
    },
  };
}
