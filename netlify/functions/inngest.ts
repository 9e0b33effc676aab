import { getServices, type FunctionContext } from "../../src/serverless.ts";

/** Answers Inngest's requests to run functions, at `/.netlify/functions/inngest`: Netlify serves a function there that has no path of its own. */
export default async (request: Request, context: FunctionContext): Promise<Response> => {
  const { serveInngest, flush } = await getServices();
  const response = await serveInngest(request);
  context.waitUntil?.(flush());
  return response;
};
