/** An answer that is not a Response yet. */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const documentationUrl = "https://docs.github.com/rest";

export function ok(body: unknown, headers: Record<string, string> = {}): Reply {
  return { status: 200, body, headers };
}

/** Creates an error in GitHub's format. */
export function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
): Reply {
  return {
    status,
    body: { message, ...more, documentation_url: documentationUrl, status: String(status) },
    headers,
  };
}

export function notFound(): Reply {
  return refusal(404, "Not Found");
}

export function badCredentials(): Reply {
  return refusal(401, "Bad credentials");
}

export function suspended(): Reply {
  return refusal(403, "This installation has been suspended");
}

/** Redirects. GitHub redirects a repository's old name to its URL by id. */
export function movedPermanently(location: string): Reply {
  return {
    status: 301,
    body: { message: "Moved Permanently", url: location, documentation_url: documentationUrl },
    headers: { location },
  };
}

export function primaryLimit(name: string, at: Date): Reply {
  return refusal(
    403,
    `API rate limit exceeded for ${name}. If you reach out to GitHub Support for help, please include the request ID and timestamp ${at.toISOString()}.`,
  );
}
