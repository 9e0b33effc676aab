import { InngestCommHandler, type ServeHandlerOptions } from "inngest";

/** A request of Inngest to the SDK: PUT asks for the functions, POST calls one. */
export interface SdkRequest {
  method: "POST" | "PUT";
  query: Readonly<Record<string, string>>;
  /** The value of the JSON body. */
  body: unknown;
}

export interface SdkResponse {
  status: number;
  /** With names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** JSON, or nothing. */
  body: string;
}

export type CallSdk = (request: SdkRequest) => Promise<SdkResponse>;

const url = new URL("http://localhost/api/inngest");

/**
 * Serves functions to a caller in this process, as `serve()` of the SDK's adapters does over HTTP: without the work of HTTP, and without writing
 * and reading the body as JSON.
 */
export function serveInProcess(options: ServeHandlerOptions): CallSdk {
  const handler = new InngestCommHandler({
    frameworkName: "pr-capture",
    ...options,
    handler: ({ method, query, body }: SdkRequest) => ({
      method: () => method,
      url: () => url,
      queryString: (key) => query[key],
      headers: () => null,
      body: () => body,
      transformResponse: (response): SdkResponse => response,
    }),
  });
  return handler.createHandler();
}
