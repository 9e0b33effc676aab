import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const key = "pr-capture theme";
const stored = localStorage.getItem(key);

/** `system`: as the operating system is set. */
export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

/** The theme that shows. Charts are drawn again when it changes. */
export const shownTheme = signal<"light" | "dark">("light");

export function applyTheme(): void {
  shownTheme.value = theme.value === "system" ? (systemIsDark.matches ? "dark" : "light") : theme.value;
  document.documentElement.dataset["theme"] = shownTheme.value;
}

systemIsDark.addEventListener("change", applyTheme);

export function setTheme(next: Theme): void {
  theme.value = next;
  if (next === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, next);
  applyTheme();
}
