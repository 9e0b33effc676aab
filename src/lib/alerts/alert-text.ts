import type { FailureSummary } from "../store/job-types.ts";

const maxMessageLength = 300;

/** Formats all failures as one message for Slack. */
export function toAlertText({ total, reasons }: FailureSummary): string {
  const shown = reasons.reduce((sum, { count }) => sum + count, 0);
  return [
    `:warning: pr-capture: ${total} ${total === 1 ? "capture" : "captures"} failed permanently.`,
    ...reasons.map(({ count, event_name, message, job_id, repository, number }) => {
      const where = repository ? ` of ${repository}${number === null ? "" : `#${number}`}` : "";
      return `\u2022 ${count} \u00d7 ${escape(event_name)}: ${escape(message.slice(0, maxMessageLength))} (job ${job_id}${escape(where)})`;
    }),
    ...(shown < total ? [`\u2022 ${total - shown} for other reasons`] : []),
    "List them with `npx pr-capture jobs --state failed`. Run one again with `npx pr-capture replay <id>`.",
  ].join("\n");
}

/** Escapes text from GitHub, so that Slack shows it unchanged. https://docs.slack.dev/messaging/formatting-message-text */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("`", "'");
}
