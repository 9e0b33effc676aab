import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { toSpanId, toTraceId } from "./trace-ids.ts";
import type { Tracing, TracingOptions } from "./tracing.ts";

/** The longest flush. The process may be about to end, or to be frozen. */
const flushMs = 2_000;

const kinds = {
  webhook: SpanKind.SERVER,
  send: SpanKind.PRODUCER,
  capture: SpanKind.CONSUMER,
  step: SpanKind.INTERNAL,
} as const;

/** The SDK reads the other OTEL_ variables: headers, sampler, service name, limits. */
export function createTracing({ endpoint, log }: TracingOptions): Tracing {
  const ids = createIds();
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": "pr-capture" }))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: ids.generator,
    spanProcessors: [new BatchSpanProcessor(logFailures(exporter, log))],
  });
  const tracer = provider.getTracer("pr-capture");

  return {
    record({ name, kind, event, id, parent, beganAt, endedAt, attributes, error }) {
      const traceId = toTraceId(event);
      const context = parent
        ? trace.setSpanContext(ROOT_CONTEXT, {
            traceId,
            spanId: toSpanId(parent),
            traceFlags: TraceFlags.SAMPLED,
            isRemote: true,
          })
        : ROOT_CONTEXT;
      const given = Object.entries(attributes).flatMap(([key, value]) =>
        value === null || value === undefined ? [] : [[key, value]],
      );
      ids.next(traceId, id === undefined ? null : toSpanId(id));
      const span = tracer.startSpan(
        name,
        { kind: kinds[kind], startTime: beganAt, attributes: Object.fromEntries(given) },
        context,
      );
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(endedAt);
    },
    flush: () => atMost(provider.forceFlush()),
    close: () => atMost(provider.shutdown()),
  };
}

/** An id generator of which the next ids can be chosen. `startSpan` generates them before it returns. */
function createIds() {
  const random = new RandomIdGenerator();
  let chosen: { traceId: string; spanId: string | null } | null = null;
  return {
    next: (traceId: string, spanId: string | null) => void (chosen = { traceId, spanId }),
    generator: {
      generateSpanId: () => chosen?.spanId ?? random.generateSpanId(),
      generateTraceId: () => chosen?.traceId ?? random.generateTraceId(),
    },
  };
}

/** Logs once when the collector stops taking spans, and once when it takes them again. */
function logFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const hasFailed = result.error !== undefined;
        if (hasFailed && !isFailing)
          log.warn(
            { error: result.error?.message },
            "The collector at OTEL_EXPORTER_OTLP_ENDPOINT does not accept spans. They are dropped",
          );
        if (!hasFailed && isFailing) log.info("The collector accepts spans again");
        isFailing = hasFailed;
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

async function atMost(work: Promise<void>): Promise<void> {
  await Promise.race([work.catch(() => {}), delay(flushMs, undefined, { ref: false })]);
}
