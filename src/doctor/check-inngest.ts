import { z } from "zod";
import type { InngestConfig } from "../config.ts";
import { failed, passed, warning, type CheckResult } from "./check-result.ts";

const subject = "Inngest";
const timeoutMs = 10_000;

/** A list, or a list in `data`. */
const functionsSchema = z
  .union([z.array(z.unknown()), z.object({ data: z.array(z.unknown()) }).transform(({ data }) => data)])
  .nullable();

/** Asks Inngest which functions of the app it knows. https://api-docs.inngest.com */
export async function checkInngest(config: InngestConfig, publicOrigin: string | null): Promise<CheckResult> {
  if (config.kind === "embedded") return passed(subject, "Captures run on the embedded queue of the server.");
  const isDev = config.kind === "dev-server";
  const base = config.baseUrl ?? (isDev ? "http://localhost:8288" : "https://api.inngest.com");
  const register = isDev
    ? "Start the server, which registers itself; or run: npm run dev:inngest"
    : `Register the app: curl -X PUT ${publicOrigin ?? "https://<your host>"}/api/inngest`;
  let response: Response;
  try {
    response = await fetch(new URL("/v1/apps/pr-capture/functions", base), {
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(config.kind === "inngest" && { authorization: `Bearer ${config.signingKey}` }),
        ...(config.kind === "inngest" && config.env && { "x-inngest-env": config.env }),
      },
    });
  } catch {
    return failed(
      subject,
      `${base} does not answer.`,
      isDev ? "Start the Dev Server: npm run dev:inngest" : "Check the network and INNGEST_BASE_URL.",
    );
  }
  if (response.status === 401 || response.status === 403)
    return failed(
      subject,
      `${base} does not accept INNGEST_SIGNING_KEY.`,
      "Copy the key of the same environment from Inngest's settings, and set INNGEST_ENV for a branch environment.",
    );
  if (response.status === 404) return failed(subject, `${base} does not know the app pr-capture.`, register);
  const body: unknown = await response.json().catch(() => null);
  const functions = response.ok ? functionsSchema.safeParse(body).data : undefined;
  if (functions === undefined)
    return warning(subject, `${base} answered ${response.status} without a list of functions.`, register);
  return (functions?.length ?? 0) === 0
    ? failed(subject, `${base} knows no functions of the app pr-capture.`, register)
    : passed(subject, `${base} knows ${functions?.length} functions of the app.`);
}
