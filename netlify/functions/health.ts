import { checkHealth } from "../../src/http/health.ts";
import { getServices } from "../../src/serverless.ts";

/** Answers whether captures can be stored. */
export default async (): Promise<Response> => {
  const health = await checkHealth(await getServices());
  return Response.json(health, { status: health.status === "ok" ? 200 : 503 });
};

export const config = { path: "/healthz" };
