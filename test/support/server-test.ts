import { rm } from "node:fs/promises";
import { test } from "vitest";
import { createDataFolder } from "./data-folder.ts";
import { spawnServer, type ServerProcess, type StartingServer } from "../../src/testing/start-server.ts";

type Environment = Record<string, string>;

/** Tests of the server as a process. Each has its own DATA_DIR, and its processes end with it. */
export const serverTest = test
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern which fixtures are used
  .extend("folder", async ({}, { onCleanup }) => {
    const folder = await createDataFolder();
    onCleanup(() => rm(folder, { recursive: true, force: true }));
    return folder;
  })
  .extend("spawnServer", async ({ folder }, { onCleanup }) => {
    const spawned: StartingServer[] = [];
    onCleanup(async () => {
      await Promise.all(spawned.map((server) => server.end("SIGKILL")));
    });
    return (environment: Environment = {}, cwd?: string): StartingServer => {
      const server = spawnServer({ DATA_DIR: folder, ...environment }, cwd);
      spawned.push(server);
      return server;
    };
  })
  .extend("start", ({ spawnServer: spawnOne }) => {
    return async (environment: Environment = {}): Promise<ServerProcess> => {
      const server = spawnOne(environment);
      return { ...server, url: await server.listening };
    };
  });
