import { getServices } from "../../src/serverless.ts";

/** What Inngest calls to run the functions. */
export default async (request: Request): Promise<Response> => {
  const { serveInngest } = await getServices();
  return serveInngest(request);
};

export const config = { path: "/api/inngest" };
