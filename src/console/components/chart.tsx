import uPlot, { type AlignedData, type Axis, type Options, type Series } from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatMoment } from "../format.ts";
import { shownTheme } from "../theme.ts";

export interface ChartSeries {
  label: string;
  /** A color of tokens.css, such as `--chart-1`. */
  color: string;
  values: readonly (number | null)[];
  /** What the legend shows while no bucket is pointed at. */
  summary: string;
}

export interface ChartProps {
  title: string;
  /** The starts of the buckets, in milliseconds since 1970. */
  at: readonly number[];
  bucketMs: number;
  /** Bars are stacked. */
  kind: "bars" | "lines";
  series: readonly ChartSeries[];
  format: (value: number) => string;
}

const height = 132;
/** The least maximum of the axis: a count, or milliseconds. */
const leastMax = { bars: 4, lines: 1_000 };
/** The steps between the axis' lines. Counts and milliseconds are whole. */
const wholeSteps = Array.from({ length: 9 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();
/** Charts with this key show the same bucket under the pointer. */
const syncKey = "overview";

/** A chart over time. Its legend is the text for screen readers, and shows the bucket under the pointer. */
export function Chart({ title, at, bucketMs, kind, series, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const theme = shownTheme.value;
  const shape = JSON.stringify([kind, bucketMs, theme, series.map(({ label, color }) => [label, color])]);
  const data = toData(at, kind, series);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const created = new uPlot(
      toOptions(element.clientWidth, { kind, series, format, bucketMs }, setPointed),
      data,
      element,
    );
    plot.current = created;
    const resized = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      created.destroy();
      plot.current = null;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the shape has all that the options are made of; the data follows below
  }, [shape]);

  useEffect(() => plot.current?.setData(data), [data]);

  const moment = pointed === null ? undefined : at[pointed];
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <span class="muted small">{moment === undefined ? "" : formatMoment(moment)}</span>
      </figcaption>
      <ul class="legend">
        {series.map(({ label, color, values, summary }, index) => (
          <li key={label}>
            <span class="swatch" style={{ background: `var(${color})` }} />
            {label}{" "}
            <strong data-series={index}>
              {moment === undefined ? summary : formatValue(values[pointed ?? 0], format)}
            </strong>
          </li>
        ))}
      </ul>
      <div ref={place} class="plot" aria-hidden="true" />
    </figure>
  );
}

function formatValue(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "none" : format(value);
}

/** Bars are drawn from the top of the stack to its bottom, each down to the axis. */
function toData(
  at: readonly number[],
  kind: ChartProps["kind"],
  series: readonly ChartSeries[],
): AlignedData {
  const seconds = at.map((ms) => ms / 1_000);
  if (kind === "lines") return [seconds, ...series.map(({ values }) => [...values])];
  let below = seconds.map(() => 0);
  const stacked = series.map(({ values }) => (below = below.map((sum, index) => sum + (values[index] ?? 0))));
  return [seconds, ...stacked.toReversed()];
}

function toOptions(
  width: number,
  { kind, series, format, bucketMs }: Pick<ChartProps, "kind" | "series" | "format" | "bucketMs">,
  onPoint: (index: number | null) => void,
): Options {
  const style = getComputedStyle(document.documentElement);
  const colorOf = (name: string) => style.getPropertyValue(name).trim();
  const axis: Axis = {
    stroke: colorOf("--muted"),
    font: `11px ${colorOf("--font")}`,
    grid: { stroke: colorOf("--line"), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.75, 40, 1], align: 1 });
  const drawn = (kind === "bars" ? series.toReversed() : series).map(({ label, color }): Series => ({
    label,
    stroke: colorOf(color),
    width: kind === "bars" ? 0 : 1.5,
    points: kind === "lines" ? { size: 4, fill: colorOf(color), filter: toIsolated } : { show: false },
    ...(kind === "bars" && bars && { fill: colorOf(color), paths: bars }),
  }));
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: kind === "lines" },
      sync: { key: syncKey },
    },
    scales: {
      x: { time: true, range: (_plot, min, max) => [min, max + (kind === "bars" ? bucketMs / 1_000 : 0)] },
      y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, leastMax[kind]) * 1.1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 4,
        space: 70,
        values: (_plot, splits) => splits.map(toTick),
      },
      {
        ...axis,
        size: 48,
        gap: 4,
        space: 24,
        incrs: wholeSteps,
        values: (_plot, splits) => splits.map(format),
      },
    ],
    series: [{}, ...drawn],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

/** Returns the points without a neighbor. No line shows them, because a line needs two points in a row. */
function toIsolated(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const isThere = (index: number) => typeof values[index] === "number";
  return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
}

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Formats a tick: the hour, or the day at midnight. */
function toTick(seconds: number): string {
  const moment = new Date(seconds * 1_000);
  return moment.getHours() === 0 && moment.getMinutes() === 0 ? day.format(moment) : hour.format(moment);
}
