import type { FailureSummary } from "../store/functions.ts";

const longestMessage = 300;

/** What failed, in Slack's format: one message, however much it was. */
export function toAlertText({ total, reasons }: FailureSummary): string {
  const shown = reasons.reduce((sum, { count }) => sum + count, 0);
  return [
    `:warning: pr-capture: ${total} ${total === 1 ? "capture" : "captures"} failed for good.`,
    ...reasons.map(({ count, event_name, message, job_id, repository, number }) => {
      const where = repository ? ` of ${repository}${number === null ? "" : `#${number}`}` : "";
      return `\u2022 ${count} \u00d7 ${escape(event_name)}: ${escape(message.slice(0, longestMessage))} (job ${job_id}${escape(where)})`;
    }),
    ...(shown < total ? [`\u2022 ${total - shown} for other reasons`] : []),
    "See them with `npm run capture -- jobs --state failed`, send one again with `npm run capture -- replay <id>`.",
  ].join("\n");
}

/** The text is GitHub's and others': it is to show as it is. https://docs.slack.dev/messaging/formatting-message-text */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("`", "'");
}
