/** The outcome of one check. A failed one stops pr-capture from working; a warning does not yet. */
export interface CheckResult {
  subject: string;
  status: "ok" | "warning" | "failed" | "skipped";
  /** A sentence. */
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

/** The setup's messages are `what is wrong: what to do`, or only the first half. `fallback` is then what to do. */
export function failedSetup(subject: string, message: string, fallback: string | null = null): CheckResult {
  const [, detail = message, remedy = fallback] = /^([^(:]+): ([a-z].+)$/s.exec(message) ?? [];
  return failed(
    subject,
    detail.replace(/[^.]$/, "$&."),
    remedy && remedy[0]?.toUpperCase() + remedy.slice(1),
  );
}
