/**
 * Converts the base URL of the REST API to the URL of the GraphQL API: `/graphql`, or `/api/graphql` for an Enterprise Server's
 * `/api/v3`. https://docs.github.com/enterprise-server@latest/graphql/guides/forming-calls-with-graphql
 */
export function toGraphqlUrl(apiUrl: string): string {
  const base = apiUrl.replace(/\/+$/, "");
  return /\/api\/v3$/i.test(base) ? base.replace(/\/v3$/i, "/graphql") : `${base}/graphql`;
}

/** True for a GraphQL request to any server. No REST path ends in `/graphql`. */
export function isGraphql(url: string): boolean {
  return new URL(url, "https://api.github.com").pathname.endsWith("/graphql");
}
