export interface BarProps {
  /** What it measures, for screen readers. */
  label: string;
  value: number;
  /** Null: unknown, so the bar is empty and hatched. */
  max: number | null;
  tone?: "accent" | "good" | "warn" | "bad";
}

/** A share of a whole. Full only when nothing is missing. */
export function Bar({ label, value, max, tone = "accent" }: BarProps) {
  const share = max === null ? null : max === 0 ? 1 : Math.min(1, value / max);
  const percent = share === null ? undefined : Math.floor(share * 1000) / 10;
  return (
    <div
      class={`bar ${tone} ${share === null ? "unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={percent === undefined ? "unknown" : `${percent}%`}
    >
      <div class="fill" style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}
