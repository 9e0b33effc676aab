/** Answers one request with a function, and prints the milliseconds since the process started, elapsed and of the processor. JavaScript, because stripping types takes time. */
import { readFileSync } from "node:fs";

const [, , file, requestFile] = process.argv;
const { default: answer } = await import(file);
const { headers, body } = JSON.parse(readFileSync(requestFile, "utf8"));
const request = new Request("http://localhost/api/github/webhooks", { method: "POST", headers, body });
const response = await answer(request, {});
const elapsed = performance.now(); // since the process started
const { user, system } = process.cpuUsage();
if (response.status !== 200)
  throw new Error(`The function answered ${response.status}: ${await response.text()}`);
process.stdout.write(JSON.stringify({ elapsed, processor: (user + system) / 1000 }), () => process.exit());
