import { expect, test } from "vitest";
import type { InngestConfig } from "../src/config.ts";
import { createInngestDashboard } from "../src/inngest-dashboard.ts";

const keys = { kind: "inngest", eventKey: "event", signingKey: "signkey-test-00" } as const;

test.each<[string, InngestConfig, string | null, string | null]>([
  ["the embedded engine has no dashboard", { kind: "embedded" }, null, null],
  [
    "the Dev Server shows runs at its own address",
    { kind: "dev-server", baseUrl: null },
    "http://localhost:8288",
    "http://localhost:8288/run?runID=01ABC%2F",
  ],
  [
    "so does a Dev Server at another address",
    { kind: "dev-server", baseUrl: "http://inngest:9000" },
    "http://inngest:9000",
    "http://inngest:9000/run?runID=01ABC%2F",
  ],
  [
    "Inngest Cloud shows runs of the production environment",
    { ...keys, baseUrl: null },
    "https://app.inngest.com/env/production",
    "https://app.inngest.com/env/production/runs/01ABC%2F",
  ],
  [
    "Inngest Cloud shows runs of a branch environment",
    { ...keys, baseUrl: null, env: "my-branch" },
    "https://app.inngest.com/env/my-branch",
    "https://app.inngest.com/env/my-branch/runs/01ABC%2F",
  ],
  [
    "a self-hosted server shows runs as the Dev Server does",
    { ...keys, baseUrl: "https://inngest.example.com/" },
    "https://inngest.example.com/",
    "https://inngest.example.com/run?runID=01ABC%2F",
  ],
])("%s", (_, config, url, runUrl) => {
  const dashboard = createInngestDashboard(config);
  expect(dashboard.url).toBe(url);
  expect(dashboard.toRunUrl("01ABC/")).toBe(runUrl);
});
