import type { CallSdk } from "../lib/embedded/serve-in-process.ts";

/** Calls the SDK behind a server, as Inngest does. */
export function overHttp(serve: (request: Request) => Promise<Response>): CallSdk {
  return async (call) => {
    const response = await serve(
      new Request(`http://localhost/api/inngest?${new URLSearchParams(call.query).toString()}`, {
        method: call.method,
        headers: { host: "localhost", "content-type": "application/json" },
        body: JSON.stringify(call.body),
      }),
    );
    const { status, headers } = response;
    return { status, headers: Object.fromEntries(headers), body: await response.text() };
  };
}
