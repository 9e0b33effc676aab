import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { testEnvironment } from "./test-config.ts";

const entry = fileURLToPath(new URL("../server.ts", import.meta.url));

/** Halves the time of a start. */
const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), "pr-capture-compile-cache") };

export interface StartingServer {
  /** The lines printed so far. */
  output: string[];
  /** Resolves with the URL once the server listens. Rejects with the output when it ends before. */
  listening: Promise<string>;
  /** Ends the server and resolves with its exit code, or null when a signal ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

export interface ServerProcess extends StartingServer {
  url: string;
}

/** There is no GitHub at this address. The server starts without it. */
const offline = { GITHUB_API_URL: "http://127.0.0.1:9" };

/** Runs `npm start` as a child process in the folder `cwd`. */
export function spawnServer(environment: Record<string, string>, cwd = process.cwd()): StartingServer {
  const child = spawn(process.execPath, [entry], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      ...compileCache,
      ...testEnvironment,
      LOG_LEVEL: "info",
      ...offline,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  const output: string[] = [];
  const listening = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        const [, url] = /Listening on (http:\/\/[\w.:[\]]+)/.exec(line) ?? [];
        if (url) resolve(url);
      });
    }
    void exit.then(() => reject(new Error(`The server ended:\n${output.join("\n")}`)));
  });
  listening.catch(() => {}); // callers that wait for it handle the rejection
  return {
    output,
    listening,
    end: async (signal) => {
      child.kill(signal);
      const [code] = await exit;
      return code;
    },
  };
}

/** Starts the server. Resolves once it listens, and rejects with the output when it ends before. */
export async function startServer(environment: Record<string, string>): Promise<ServerProcess> {
  const server = spawnServer(environment);
  return { ...server, url: await server.listening };
}
