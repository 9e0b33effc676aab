import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** The labels and value of one time series. */
export type Sample = readonly [labels: Record<string, string>, value: number];

/** Observations that are at most `within` and more than the next smaller bound. */
export interface Bucket {
  within: number;
  count: number;
  sum: number;
}

export interface MetricSet {
  registry: Registry;
  gauge(name: string, help: string, samples: readonly Sample[]): void;
  counter(name: string, help: string, samples: readonly Sample[]): void;
  /** Adds a histogram with these upper bounds. Buckets above the last bound count as infinite. */
  histogram(name: string, help: string, bounds: readonly number[], buckets: readonly Bucket[]): void;
}

/** Metrics of one scrape, with values that were counted elsewhere. */
export function createMetricSet(): MetricSet {
  const registry = new Registry();
  const describe = (name: string, help: string, samples: readonly Sample[]) => ({
    name: `pr_capture_${name}`,
    help,
    // prom-client shows 0 for a metric without labels and without a value, which would be wrong for an age.
    labelNames: samples[0] ? Object.keys(samples[0][0]) : ["none"],
    registers: [registry],
  });

  return {
    registry,
    gauge(name, help, samples) {
      const gauge = new Gauge(describe(name, help, samples));
      for (const [labels, value] of samples) gauge.set(labels, value);
    },
    counter(name, help, samples) {
      const counter = new Counter(describe(name, help, samples));
      for (const [labels, value] of samples) counter.inc(labels, value);
    },
    histogram(name, help, bounds, buckets) {
      const description = { ...describe(name, help, []), buckets: [...bounds], registers: [] };
      registry.registerMetric(new CountedHistogram(description, buckets));
    },
  };
}

/** prom-client's histogram observes values one by one. This one shows counted buckets. */
class CountedHistogram extends Histogram {
  readonly #description: { name: string; help: string; buckets: number[] };
  readonly #counted: readonly Bucket[];

  constructor(
    description: { name: string; help: string; buckets: number[]; registers: never[] },
    counted: readonly Bucket[],
  ) {
    super(description);
    this.#description = description;
    this.#counted = counted;
  }

  /** What the registry calls when it writes text. The package's types do not declare it. */
  async getForPromString() {
    const { name, help, buckets: bounds } = this.#description;
    const countWithin = (bound: number) =>
      this.#counted.reduce((sum, { within, count }) => sum + (within <= bound ? count : 0), 0);
    const total = this.#counted.reduce((sum, bucket) => sum + bucket.sum, 0);
    const values = [
      ...bounds.map((le) => ({ metricName: `${name}_bucket`, labels: { le }, value: countWithin(le) })),
      { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: countWithin(Infinity) },
      { metricName: `${name}_sum`, value: total },
      { metricName: `${name}_count`, value: countWithin(Infinity) },
    ];
    return { name, help, type: "histogram", values };
  }
}
