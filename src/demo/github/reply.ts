/** An answer before it becomes a Response. */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const documentation_url = "https://docs.github.com/rest";

export function ok(body: unknown, headers: Record<string, string> = {}): Reply {
  return { status: 200, body, headers };
}

/** GitHub's shape of every refusal. */
export function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
): Reply {
  return { status, body: { message, ...more, documentation_url, status: String(status) }, headers };
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

/** Also what is said of a repository that moved: its old name answers with where it is by id. */
export function movedPermanently(location: string): Reply {
  return {
    status: 301,
    body: { message: "Moved Permanently", url: location, documentation_url },
    headers: { location },
  };
}

export function primaryLimit(who: string, at: Date): Reply {
  return refusal(
    403,
    `API rate limit exceeded for ${who}. If you reach out to GitHub Support for help, please include the request ID and timestamp ${at.toISOString()}.`,
  );
}
