import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A fake Inngest for the benchmark of acknowledgements. It accepts every request after 2 ms. */
const answerAfterMs = 2;
const accepted = JSON.stringify({ ids: ["01JZZZZZZZZZZZZZZZZZZZZZZZ"], status: 200 });

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json" }).end(accepted);
    }, answerAfterMs);
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
