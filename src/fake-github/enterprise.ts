/**
 * The base path of an Enterprise Server: REST is below `/api/v3`, GraphQL is at `/api/graphql`.
 * https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
 * https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
 */

/** Converts a request to one for github.com. Returns null for a path that an Enterprise Server lacks, such as `/api/v3/graphql`. */
export function fromEnterprise(request: Request, basePath: string): Request | null {
  if (basePath === "") return request;
  const url = new URL(request.url);
  if (url.pathname === graphqlPathOf(basePath)) url.pathname = "/graphql";
  else if (url.pathname === `${basePath}/graphql` || !url.pathname.startsWith(`${basePath}/`)) return null;
  else url.pathname = url.pathname.slice(basePath.length);
  return new Request(url, request);
}

/** Moves the links and redirects of an answer below the base path. */
export async function toEnterprise(response: Response, origin: string, basePath: string): Promise<Response> {
  if (basePath === "") return response;
  const headers = new Headers(response.headers);
  for (const name of ["link", "location"]) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, value.replaceAll(`${origin}/`, `${origin}${basePath}/`));
  }
  return new Response(response.body, { status: response.status, headers });
}

function graphqlPathOf(basePath: string): string {
  return `${basePath.slice(0, basePath.lastIndexOf("/"))}/graphql`;
}
