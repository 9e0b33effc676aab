import type { MessagePort } from "node:worker_threads";
import type { GuestLimits } from "./messages.ts";
import type { PreparedStatements } from "./prepared-statements.ts";
import {
  concat,
  createMessageReader,
  listMessages,
  statusOf,
  toFatalError,
  toProtocolVersion,
  toQuery,
  toSync,
  type FrontendMessage,
} from "./protocol.ts";
import type { Session } from "./session.ts";

/** Query, Sync, FunctionCall and Flush. The messages before wait for them. */
const endsOfBatches = new Set(["Q", "S", "F", "H"]);
/** CopyData, CopyDone and CopyFail. Postgres ignores them outside of a COPY, and here none ever runs. */
const copyMessages = new Set(["d", "c", "f"]);

interface Host {
  session: Session;
  statements: PreparedStatements;
  /** PGlite's answer to a startup packet. */
  greeting: Uint8Array;
}

/**
 * Speaks Postgres's protocol with the client at the other end of a port. It holds the session from its first message until no transaction is
 * open, so others wait. The state that a guest leaves in the session, such as settings, is discarded after each transaction. `true` and `false` on
 * the port say that a guest has taken and released the session.
 */
export function serveConnection(
  port: MessagePort,
  { session, statements, greeting }: Host,
  guest: GuestLimits | null,
): void {
  const readMessages = createMessageReader();
  let batch: FrontendMessage[] = [];
  let isHolding = false;
  let status: string | null = "I";
  let last: Promise<void> = Promise.resolve();

  const send = (bytes: Uint8Array<ArrayBuffer>) => port.postMessage(bytes, [bytes.buffer]);

  async function take(): Promise<void> {
    await session.take();
    isHolding = true;
    if (guest) port.postMessage(true); // oxlint-disable-line unicorn/require-post-message-target-origin -- it is not a window
  }

  async function leave(): Promise<void> {
    if (!isHolding) return;
    const isBroken = status !== "I";
    if (isBroken) {
      await session.run([toSync()]); // after an error, all other messages are ignored until it
      await session.run([toQuery("rollback")]);
    }
    if (isBroken || guest) {
      const answer = await session.run([toQuery("discard all")]);
      statements.forget();
      send(concat(listMessages(answer).filter(isParameterStatus)));
    }
    status = "I";
    isHolding = false;
    session.release();
    if (guest) port.postMessage(false); // oxlint-disable-line unicorn/require-post-message-target-origin -- it is not a window
  }

  async function close(): Promise<void> {
    await leave();
    port.close();
  }

  async function handle({ type, bytes }: FrontendMessage): Promise<void> {
    if (type === "encryption") return send(concat([Buffer.from("N")]));
    if (type === "startup") return send(concat([toProtocolVersion(bytes) ?? new Uint8Array(), greeting]));
    if (type === "cancel" || type === "X") return close(); // PGlite cannot be interrupted
    if (copyMessages.has(type)) return;
    batch.push({ type, bytes });
    if (!endsOfBatches.has(type)) return;
    if (!isHolding) await take();
    const answer = await (guest ? session.run(batch, guest.maxAnswerBytes) : statements.run(batch));
    batch = [];
    status = statusOf(answer);
    send(answer);
    if (status === "I") await leave();
  }

  async function receive(chunk: Uint8Array): Promise<void> {
    let messages: FrontendMessage[];
    try {
      messages = readMessages(chunk);
    } catch (error) {
      send(toFatalError("08P01", error instanceof Error ? error.message : String(error)));
      return close();
    }
    for (const message of messages) await handle(message);
  }

  port.on("message", (chunk: Uint8Array) => void (last = last.then(() => receive(chunk))));
  port.on("close", () => void (last = last.then(leave)));
}

function isParameterStatus(message: Uint8Array): boolean {
  return message[0] === "S".charCodeAt(0);
}
