import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

test("the demo ends with code 0 and all rows in sync", async () => {
  // Another exit code than 0 rejects with the output.
  const { stdout, stderr } = await run(process.execPath, ["src/demo/main.ts"], { timeout: 60_000 });

  expect(stderr).toBe("");
  expect(stdout).toContain("09:05  ada opens #3");
  for (const table of ["repositories", "pull_requests", "pull_request_files", "reviews", "accounts"]) {
    const [, rows, onGitHub] = new RegExp(`github\\.${table} +│ +(\\d+) │ +│ +(\\d+)`).exec(stdout) ?? [];
    expect(Number(rows)).toBeGreaterThan(0);
    expect(rows).toBe(onGitHub);
  }
  const [, comments, deleted, left] = /github\.comments +│ +(\d+) │ +(\d+) │ +(\d+)/.exec(stdout) ?? [];
  expect(Number(deleted)).toBeGreaterThan(0);
  expect(Number(comments)).toBe(Number(deleted) + Number(left));

  const [, asked, refetching] = /│ all +│ +(\d+) │ +(\d+) │/.exec(stdout) ?? [];
  expect(Number(asked)).toBeGreaterThan(0);
  expect(Number(asked)).toBeLessThan(Number(refetching) / 10);
  expect(stdout).toContain("Every row is as GitHub has it.");
  expect(stdout).toContain("npm start");
}, 60_000);
