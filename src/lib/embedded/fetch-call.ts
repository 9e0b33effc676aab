/** What the arguments of `fetch` request. */
export interface FetchCall {
  method: string;
  pathname: string;
  header: (name: string) => string | null;
  text: () => Promise<string>;
}

/** Reads the arguments of `fetch`. It creates no `Request` for a body of text, because that costs more than reading it. */
export function toFetchCall(input: string | URL | Request, init: RequestInit = {}): FetchCall {
  const request = input instanceof Request ? input : null;
  const url = input instanceof Request ? input.url : input;
  const { body, headers, method } = init;
  return {
    method: method ?? request?.method ?? "GET",
    pathname: new URL(url).pathname,
    header: (name) => new Headers(headers ?? request?.headers).get(name),
    text: async () => (typeof body === "string" ? body : new Request(input, init).text()),
  };
}
