import { Inngest, type ClientOptions, type Logger } from "inngest";
import { TrackSteps } from "./current-step.ts";
import { StepErrors } from "./step-errors.ts";

/** The SDK logs each failed step and run with a stack, once for each layer. `createRecordAttempts` logs them instead. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Creates the Inngest client. The options select the queue: keys for Inngest Cloud or a self-hosted server, `isDev` for the Dev Server, or the
 * embedded engine's `fetch`. The SDK's own messages go to `internalLogger`.
 */
export function createInngest({
  middleware = [],
  ...options
}: Omit<ClientOptions, "id" | "logger"> = {}): Inngest {
  return new Inngest({
    id: "pr-capture",
    ...options,
    middleware: [TrackSteps, StepErrors, ...middleware],
    logger: silent,
  });
}
