import { clock, formatAge, formatLocal, formatMoment, formatUtc } from "../format.ts";

interface TimeProps {
  at: string | null;
  /** Shown without a time. */
  otherwise?: string;
}

/** How long ago something was. The full time in the reader's zone and in UTC shows on hover. */
export function Time({ at, otherwise = "never" }: TimeProps) {
  if (at === null) return <span class="muted">{otherwise}</span>;
  return (
    <time dateTime={at} title={`${formatLocal(at)}\n${formatUtc(at)}`}>
      {formatAge(at, clock.value)}
    </time>
  );
}

/** When something was, in the reader's zone. UTC shows on hover. */
export function Moment({ at, otherwise = "unknown" }: TimeProps) {
  if (at === null) return <span class="muted">{otherwise}</span>;
  return (
    <time class="muted" dateTime={at} title={`${formatLocal(at)}\n${formatUtc(at)}`}>
      {formatMoment(Date.parse(at))}
    </time>
  );
}
