import { createHmac } from "node:crypto";

/**
 * The body with which Inngest calls a function for an event, with its keys in the order of RFC 8785, as Inngest signs it.
 * https://github.com/inngest/inngest/blob/main/docs/SDK_SPEC.md
 */
export function toCallBody(event: object): string {
  return JSON.stringify({
    ctx: {
      attempt: 0,
      disable_immediate_execution: false,
      run_id: "run",
      stack: { current: 0, stack: [] },
      use_api: false,
    },
    event,
    events: [event],
    steps: {},
    use_api: false,
    version: 2,
  });
}

/** The headers with which Inngest sends a body. `signedAt` is in milliseconds since 1970. */
export function toCallHeaders(
  signingKey: string,
  body: string,
  signedAt = Date.now(),
): Record<string, string> {
  const time = String(Math.floor(signedAt / 1000));
  const key = signingKey.replace(/^signkey-\w+-/, "");
  const signature = createHmac("sha256", key).update(body).update(time).digest("hex");
  return { "content-type": "application/json", "x-inngest-signature": `t=${time}&s=${signature}` };
}
