/**
 * Converts the base URL of the REST API to that of GitHub's pages: `https://github.com`, an Enterprise Server's host, or a subdomain of ghe.com.
 * https://docs.github.com/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom
 */
export function toWebUrl(apiUrl: string): string {
  const { protocol, host, pathname } = new URL(apiUrl);
  const isServer = /\/api\/v3\/?$/i.test(pathname);
  return `${protocol}//${isServer ? host : host.replace(/^api\./i, "")}`;
}
