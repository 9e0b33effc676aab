import { useMemo } from "preact/hooks";
import type { Activity, Overview } from "../../../api/console-contract.ts";
import { Chart } from "../../components/chart.tsx";
import { formatDuration, formatNumber } from "../../format.ts";

type Count = "accepted" | "refused" | "failed_deliveries" | "completed" | "failed" | "retried";

/** The charts of webhooks, captures, failures and lag. */
export function ActivityCharts({ overview }: { overview: Overview }) {
  const { activity, bucket_seconds } = overview;
  const charts = useMemo(() => toCharts(activity), [activity]);
  const at = useMemo(() => activity.map((bucket) => Date.parse(bucket.at)), [activity]);
  return (
    <section class="section charts" aria-label="Activity">
      {charts.map((chart) => (
        <Chart key={chart.title} at={at} bucketMs={bucket_seconds * 1_000} {...chart} />
      ))}
    </section>
  );
}

function toCharts(activity: readonly Activity[]) {
  const count = (label: string, color: string, name: Count) => {
    const values = activity.map((bucket) => bucket[name]);
    return { label, color, values, summary: formatNumber(values.reduce((sum, value) => sum + value, 0)) };
  };
  const lag = (label: string, color: string, name: "lag_p50_ms" | "lag_p99_ms") => {
    const values = activity.map((bucket) => bucket[name]);
    const last = values.findLast((value) => value !== null) ?? null;
    return { label, color, values, summary: last === null ? "none" : `${formatDuration(last)} (last)` };
  };
  const bars = { kind: "bars", format: formatNumber } as const;
  return [
    {
      title: "Deliveries",
      ...bars,
      series: [
        count("Accepted", "--chart-1", "accepted"),
        count("Refused", "--chart-3", "refused"),
        count("Failed", "--chart-4", "failed_deliveries"),
      ],
    },
    { title: "Captures", ...bars, series: [count("Completed", "--chart-2", "completed")] },
    {
      title: "Lag from GitHub's clock to the row",
      kind: "lines" as const,
      format: formatDuration,
      series: [lag("Median", "--chart-1", "lag_p50_ms"), lag("99th percentile", "--chart-3", "lag_p99_ms")],
    },
    {
      title: "Failures and retries",
      ...bars,
      series: [count("Failed", "--chart-4", "failed"), count("Retried", "--chart-3", "retried")],
    },
  ];
}
