import type { InngestConfig } from "./config.ts";

/** Inngest's dashboard, and the addresses of runs on it. */
export interface InngestDashboard {
  /** Null with the embedded engine, which has none. */
  url: string | null;
  toRunUrl: (runId: string) => string | null;
}

const devServer = "http://localhost:8288";

/** The Dev Server and a self-hosted server have the same dashboard. Inngest Cloud's is at app.inngest.com. */
export function createInngestDashboard(config: InngestConfig): InngestDashboard {
  if (config.kind === "embedded") return { url: null, toRunUrl: () => null };
  if (config.kind === "inngest" && config.baseUrl === null) {
    const url = `https://app.inngest.com/env/${encodeURIComponent(config.env ?? "production")}`;
    return { url, toRunUrl: (runId) => `${url}/runs/${encodeURIComponent(runId)}` };
  }
  const url = config.baseUrl ?? devServer;
  return {
    url,
    toRunUrl: (runId) => new URL(`/run?runID=${encodeURIComponent(runId)}`, url).href,
  };
}
