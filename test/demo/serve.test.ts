import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

test("demo --serve keeps the server up with the day's data, and its link signs in once", async () => {
  const demo = spawn(process.execPath, ["src/demo/main.ts", "--serve"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(demo, "exit");
  onTestFinished(() => void demo.kill("SIGKILL"));

  const { origin, hash } = await findLink(demo.stdout);
  const signIn = () =>
    fetch(`${origin}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code: hash.replace("#code=", "") }),
    });
  const { token } = (await (await signIn()).json()) as { token: string };
  const stats = await fetch(`${origin}/api/queue/stats`, { headers: { authorization: `Bearer ${token}` } });
  expect(await stats.json()).toMatchObject({ completed: expect.toSatisfy((count) => count > 20), failed: 0 });
  expect((await signIn()).status).toBe(401);

  demo.kill("SIGINT");
  expect(await exit).toEqual([0, null]);
}, 60_000);

async function findLink(output: NodeJS.ReadableStream): Promise<URL> {
  for await (const line of createInterface({ input: output })) {
    const [link] = /http:\/\/[\w.:]+\/#code=[\w-]+/.exec(line) ?? [];
    if (link !== undefined) return new URL(link);
  }
  throw new Error("The demo ended without a link.");
}
