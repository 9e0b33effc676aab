import { Octokit } from "@octokit/core";
import { z } from "zod";
import { parseAnswer } from "./parse-answer.ts";

const registeredApp = z.object({
  id: z.int(),
  name: z.string(),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string(),
  webhook_secret: z.string(),
});

/** An App that was just registered, with its credentials. */
export type RegisteredApp = z.output<typeof registeredApp>;

const timeoutMs = 15_000;

/**
 * Exchanges the code of a registration for the App's credentials, which GitHub does once, within an hour.
 * https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest
 */
export async function convertManifest(apiUrl: string, code: string): Promise<RegisteredApp> {
  const { data } = await new Octokit({ baseUrl: apiUrl, userAgent: "pr-capture" }).request(
    "POST /app-manifests/{code}/conversions",
    { code, request: { signal: AbortSignal.timeout(timeoutMs) } },
  );
  return parseAnswer(registeredApp, data, "App");
}
