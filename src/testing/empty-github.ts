/** Answers like a GitHub with the App installed everywhere and nothing else: all lists are empty and no object exists. */
export function answerAsEmptyGitHub({ method, url }: Pick<Request, "method" | "url">): Promise<Response> {
  return Promise.resolve(toAnswer(method, new URL(url).pathname));
}

function toAnswer(method: string, path: string): Response {
  if (path.endsWith("/access_tokens"))
    return Response.json({ token: "a token", expires_at: "2099-01-01T00:00:00Z" }, { status: 201 });
  const isList = /\/(reviews|comments|installations|deliveries)$/.test(path);
  if (method === "GET" && isList) return Response.json([]);
  return Response.json({ message: "Not Found" }, { status: 404 });
}
