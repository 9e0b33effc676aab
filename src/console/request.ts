import { signOut, token } from "./session.ts";

/** The server refused or did not answer. The message is a sentence for readers. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** The status of the answer. Null: the server did not answer. */
  readonly status: number | null;
  /** The character of an SQL query that the message is about, counted from 1. */
  readonly position: number | null;

  constructor(message: string, status: number | null, position: number | null = null) {
    super(message);
    this.status = status;
    this.position = position;
  }
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** A token to use instead of this tab's. */
  token?: string;
}

/**
 * Sends a request to the server with the token of this tab. Throws a `RequestError`. Answers are not validated: the page and the server are of
 * the same version, and the schemas are a third of the page's size limit.
 */
export async function request<Answer>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const response = await send(method, path, options);
  const text = await response.text().catch(() => "");
  const answer = parseAnswer(text);
  if (response.ok && answer !== undefined) return answer as Answer;
  const { position } = (answer ?? {}) as { position?: unknown };
  throw new RequestError(
    describeFailure(answer, response.status),
    response.status,
    typeof position === "number" ? position : null,
  );
}

/** Sends a request and returns the response once its headers arrive. A refused token signs out. */
export async function send(
  method: string,
  path: string,
  { query = {}, body, signal, token: sent = token.value ?? undefined }: RequestOptions = {},
): Promise<Response> {
  const response = await fetch(toTarget(path, query), {
    method,
    headers: {
      ...(sent !== undefined && { authorization: `Bearer ${sent}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new RequestError("The server does not answer.", null);
  });
  if (response.status === 401 && sent !== undefined && sent === token.value)
    signOut("The session has ended. Sign in again.");
  return response;
}

function toTarget(path: string, query: NonNullable<RequestOptions["query"]>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  return given.size > 0 ? `${path}?${given.toString()}` : path;
}

/** Undefined when the text is not JSON. */
function parseAnswer(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The detail of problem details (RFC 9457), or the status. */
function describeFailure(answer: unknown, status: number): string {
  const { detail, message } = (answer ?? {}) as { detail?: unknown; message?: unknown };
  if (typeof detail === "string" && detail !== "") return detail;
  if (typeof message === "string" && message !== "") return message;
  return `The server answered ${status}.`;
}

/** Returns the error's message, a sentence for readers. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
