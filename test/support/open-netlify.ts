import { FunctionsHandler } from "@netlify/functions-dev";
import { join } from "node:path";

export interface Netlify {
  /** Answers like the site, except for its static files. Null: no function serves that path. */
  request(path: string, init?: RequestInit): Promise<Response | null>;
}

type Options = ConstructorParameters<typeof FunctionsHandler>[0];

/** Netlify's emulator, with the functions in that folder. It packs a function anew for each request, and runs it in a worker with this process's environment. */
export function openNetlify(functions: string, folder: string): Netlify {
  const config = { get: () => ({}) } as Options["config"];
  const handler = new FunctionsHandler({
    config,
    userFunctionsPath: functions,
    destPath: join(folder, "packed"),
    projectRoot: folder,
    settings: {},
    geolocation: {},
  });
  return {
    request: async (path, init) => {
      const request = new Request(`http://localhost${path}`, init);
      request.headers.set("host", "localhost");
      const match = await handler.match(request);
      return match ? match.handle(request) : null;
    },
  };
}
