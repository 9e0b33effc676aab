import { notify } from "./notices.ts";

/** GitHub sends people here after they install the App, with a query that the page does not need. */
export function greetAfterInstallation(): void {
  const query = new URLSearchParams(location.search);
  if (!query.has("setup_action")) return;
  history.replaceState(null, "", `/${location.hash}`);
  notify("GitHub has installed the App. Its repositories appear here once the webhook arrives.", "good");
}
