import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { testEnvironment } from "./test-config.ts";

export interface ServerProcess {
  url: string;
  /** What it has printed so far. */
  output: string[];
  /** Ends it and resolves with its exit code, null when a signal ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** `npm start` as a process of its own. Resolves once it listens, rejects with its output when it ends before. */
export async function startServer(environment: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["src/server.ts"], {
    env: { PATH: process.env["PATH"], ...testEnvironment, LOG_LEVEL: "info", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  const output: string[] = [];
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        const [, listening] = /Listening on (http:\/\/[\w.:]+)/.exec(line) ?? [];
        if (listening) resolve(listening);
      });
    }
    void exit.then(() => reject(new Error(`The server ended:\n${output.join("\n")}`)));
  });
  return {
    url: await url,
    output,
    end: async (signal) => {
      child.kill(signal);
      const [code] = await exit;
      return code;
    },
  };
}
