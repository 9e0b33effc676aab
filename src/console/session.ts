/** The token of this tab. It is gone when the tab closes, and is sent in a header only, so other sites cannot use it. */
import { signal } from "@preact/signals";

const key = "pr-capture token";

export const token = signal<string | null>(sessionStorage.getItem(key));

/** Why the tab is signed out, if the server ended the session. */
export const signOutReason = signal<string | null>(null);

export function signIn(newToken: string): void {
  sessionStorage.setItem(key, newToken);
  token.value = newToken;
  signOutReason.value = null;
}

export function signOut(reason: string | null = null): void {
  sessionStorage.removeItem(key);
  token.value = null;
  signOutReason.value = reason;
}

/** Takes the one-time code of the link in the server's log, `/#code=…`, out of the address bar and the history. Null: there is none. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return null;
  history.replaceState(null, "", "/");
  return code;
}
