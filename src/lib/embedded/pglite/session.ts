import type { PGlite } from "@electric-sql/pglite";
import {
  concat,
  insertAtEnd,
  statusOf,
  toCopyFail,
  toSync,
  toWarning,
  type FrontendMessage,
} from "./protocol.ts";

/** PGlite's only session. Connections take turns. */
export interface Session {
  /** Resolves when the session is the caller's, until it calls `release`. */
  take(): Promise<void>;
  release(): void;
  /** Runs messages and returns the answer. An answer that is larger than `maxBytes` is cut off, and ends with an error. Throws when PGlite no longer works. */
  run(messages: readonly FrontendMessage[], maxBytes?: number): Promise<Uint8Array<ArrayBuffer>>;
}

// PGlite reads until the input ends. Where it does not copy from the client, it ignores this message; otherwise it would end.
const copyFail = toCopyFail("the embedded database cannot copy from a client");

export function createSession(pglite: PGlite): Session {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  let fault: unknown = null;
  onFault(pglite, (error) => (fault ??= error));

  async function execute(messages: readonly Uint8Array[], maxBytes: number) {
    const parts: Uint8Array[] = [];
    let size = 0;
    await pglite.execProtocolRawStream(concat(messages), {
      onRawData: (bytes) => {
        parts.push(bytes.slice());
        size += bytes.length;
        if (size > maxBytes) cancelStatement(pglite);
      },
    });
    if (fault !== null)
      throw new Error(`PGlite broke off a statement (${fault instanceof Error ? fault.message : "a fault"})`);
    return concat(parts);
  }

  return {
    take: async () => {
      if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve));
      isTaken = true;
    },
    release: () => {
      const next = waiting.shift();
      if (next) next();
      else isTaken = false;
    },
    run: async (messages, maxBytes = Infinity) => {
      let answer = await execute([...messages.map(({ bytes }) => bytes), copyFail], maxBytes);
      if (messages.at(-1)?.type === "H") return answer;
      // A COPY from the client has swallowed the Sync.
      if (statusOf(answer) === null) answer = concat([answer, await execute([toSync().bytes], maxBytes)]);
      if (statusOf(answer) === null) throw new Error("PGlite no longer answers");
      if (answer.length <= maxBytes) return answer;
      return insertAtEnd(
        answer,
        toWarning("54000", `a result may have ${maxBytes / 1024 / 1024} MB: select fewer rows or columns`),
      );
    },
  };
}

/** The status of the exception that PGlite handles: an error of SQL. */
const sqlError = 100;

/** PGlite ignores all other exceptions, such as a stack overflow, although its memory is no longer sound. */
function onFault({ Module }: PGlite, report: (error: unknown) => void): void {
  // oxlint-disable no-underscore-dangle -- PGlite's names
  const runOnce = Module._PostgresMainLoopOnce;
  Module._PostgresMainLoopOnce = () => {
    // oxlint-enable no-underscore-dangle
    try {
      runOnce();
    } catch (error) {
      if (!(error instanceof Object && "status" in error && error.status === sqlError)) report(error);
      throw error;
    }
  };
}

/** Lets the running statement fail at its next check for interrupts, as a signal does in Postgres. PGlite exports the flags' addresses. */
function cancelStatement({ Module }: PGlite): void {
  const { HEAPU8, _InterruptPending, _QueryCancelPending } = Module as typeof Module & {
    _InterruptPending: number;
    _QueryCancelPending: number;
  };
  HEAPU8[_QueryCancelPending] = 1;
  HEAPU8[_InterruptPending] = 1;
}
