import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface AppProcess {
  url: string;
  pid: number;
  /** The lines printed so far. */
  output: readonly string[];
  /** Stops the process and resolves with its exit code, or null when a signal ended it. */
  stop(): Promise<number | null>;
}

/** Runs a server in a child process. Resolves once it prints its address, and rejects with its output when it ends before. */
export async function startProcess(
  script: URL,
  options: { environment: Record<string, string>; folder: string; argument?: string },
): Promise<AppProcess> {
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
  process.once("exit", () => child.kill()); // when the benchmark itself fails
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
