/** What GitHub added to the page's address when it sent the browser back. It stays in the tab until it is used. */
import { signal } from "@preact/signals";
import type { FinishRequest, RegisteredAnswer } from "../../api/setup-contract.ts";

const key = "pr-capture registration";

export const githubReturn = signal<FinishRequest | null>(readStored());

/** The App, once it is registered. */
export const registeredApp = signal<RegisteredAnswer | null>(null);

/** Why the last registration ended without an App. */
export const registrationProblem = signal<string | null>(null);

function readStored(): FinishRequest | null {
  const stored = sessionStorage.getItem(key);
  return stored === null ? null : (JSON.parse(stored) as FinishRequest);
}

/** Takes the code and the state out of the address bar and the history. */
export function takeReturn(): void {
  if (location.search === "") return;
  const query = new URLSearchParams(location.search);
  const code = query.get("code");
  const state = query.get("state");
  history.replaceState(null, "", `/${location.hash}`);
  if (code && state) {
    githubReturn.value = { code, state };
    sessionStorage.setItem(key, JSON.stringify({ code, state }));
  } else registrationProblem.value = "GitHub came back without a new App. Register it again.";
}

export function dropReturn(problem: string | null): void {
  sessionStorage.removeItem(key);
  githubReturn.value = null;
  registrationProblem.value = problem;
}
