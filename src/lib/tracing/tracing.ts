import type { Logger } from "pino";

/** A finished piece of work. Its error is a sentence. */
export interface TracedWork {
  name: string;
  kind: "webhook" | "send" | "capture" | "step";
  /** The event's id, or the delivery's: it selects the trace. */
  event: string;
  /** Identifies the span for its children. Absent: it has none. */
  id?: string;
  /** The `id` of another span of the trace. */
  parent?: string | null;
  /** Milliseconds since 1970. */
  beganAt: number;
  endedAt: number;
  attributes: Record<string, string | number | null | undefined>;
  error?: string | undefined;
}

export interface Tracing {
  /** Queues a span for the collector. Never throws and never waits. */
  record(work: TracedWork): void;
  /** Sends what is queued. Resolves in any case. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface TracingOptions {
  /** The base URL of an OTLP collector over HTTP, such as http://localhost:4318. */
  endpoint: string;
  log: Logger;
}

/** Sends spans to an OTLP collector. Null without an endpoint: then the OpenTelemetry SDK is not loaded. */
export async function openTracing({
  endpoint,
  log,
}: Omit<TracingOptions, "endpoint"> & { endpoint: string | null }): Promise<Tracing | null> {
  if (endpoint === null) return null;
  const { createTracing } = await import("./otlp-tracing.ts");
  return createTracing({ endpoint, log });
}
