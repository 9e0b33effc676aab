import { Inngest, type ClientOptions } from "inngest";

/**
 * The Inngest client. Where events go, and who answers, follows from what is given: keys for Inngest Cloud or a self-hosted
 * server, `isDev` for the Dev Server, a `fetch` of its own for the embedded engine.
 */
export function createInngest(options: Omit<ClientOptions, "id"> = {}): Inngest {
  return new Inngest({ id: "pr-capture", ...options });
}
