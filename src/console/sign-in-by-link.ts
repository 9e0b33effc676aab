import { signal } from "@preact/signals";
import { api } from "./api.ts";
import { messageOf } from "./request.ts";
import { signIn, signOut, takeCode } from "./session.ts";

/** `refused` has the server's sentence. */
export const linkState = signal<{ is: "none" | "working" } | { is: "refused"; message: string }>({
  is: "none",
});

/** Signs in if the address bar has a code: when the page opens, and when a link is pasted into an open tab. */
export function watchForLinks(): void {
  void followLink();
  addEventListener("hashchange", () => void followLink());
}

async function followLink(): Promise<void> {
  const code = takeCode();
  if (code === null) return;
  linkState.value = { is: "working" };
  try {
    signOut();
    const { token } = await api.exchangeCode(code);
    signIn(token);
    linkState.value = { is: "none" };
  } catch (error) {
    linkState.value = { is: "refused", message: messageOf(error) };
  }
}
