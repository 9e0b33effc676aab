/** The outcome of one check. `failed` means that pr-capture cannot work; `warning`, that it works for now. */
export interface CheckResult {
  subject: string;
  status: "ok" | "warning" | "failed" | "skipped";
  /** One sentence about what was found. */
  detail: string;
  /** What to do; null when there is nothing to do. */
  remedy: string | null;
}

export function passed(subject: string, detail: string): CheckResult {
  return { subject, status: "ok", detail, remedy: null };
}

export function skipped(subject: string, detail: string): CheckResult {
  return { subject, status: "skipped", detail, remedy: null };
}

export function warning(subject: string, detail: string, remedy: string): CheckResult {
  return { subject, status: "warning", detail, remedy };
}

export function failed(subject: string, detail: string, remedy: string | null): CheckResult {
  return { subject, status: "failed", detail, remedy };
}

/** Splits a message such as `what is wrong: what to do`. The remedy is `fallback` when the message names none. */
export function failedSetup(subject: string, message: string, fallback: string | null = null): CheckResult {
  const [, detail = message, remedy = fallback] = /^([^(:]+): ([a-z].+)$/s.exec(message) ?? [];
  return failed(
    subject,
    detail.replace(/[^.]$/, "$&."),
    remedy && remedy[0]?.toUpperCase() + remedy.slice(1),
  );
}
