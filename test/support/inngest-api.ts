import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands in for the part of Inngest's REST API that lists an app's functions. https://api-docs.inngest.com */
export async function openInngestApi() {
  const signingKey = "signkey-test-12345678";
  const functions: string[] = [];
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.headers.authorization !== `Bearer ${signingKey}`) response.writeHead(401).end("{}");
    else if (request.url !== "/v1/apps/pr-capture/functions" || functions.length === 0)
      response.writeHead(404).end("{}");
    else response.end(JSON.stringify(functions.map((id) => ({ id }))));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    signingKey,
    functions,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
