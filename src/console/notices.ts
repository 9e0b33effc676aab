import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  text: string;
  tone: "info" | "good" | "bad";
}

const shownMs = 8_000;

export const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Shows a sentence on the page for some seconds, and reads it to screen readers. A bad one stays until it is dismissed. */
export function notify(text: string, tone: Notice["tone"] = "info"): void {
  const id = ++lastId;
  notices.value = [...notices.value, { id, text, tone }];
  if (tone !== "bad") setTimeout(() => dismiss(id), shownMs);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
