/** Messages of Postgres's protocol: https://www.postgresql.org/docs/18/protocol-message-formats.html */

/** A complete message of a client. `type` is its first byte as a character, or the kind of a packet that comes before the first query. */
export interface FrontendMessage {
  type: string;
  bytes: Uint8Array;
}

const packets = new Map([
  [80877102, "cancel"],
  [80877103, "encryption"], // SSL
  [80877104, "encryption"], // GSSAPI
]);
const maxLength = 2 ** 30;

/** Returns a function that takes a client's next bytes and returns the messages that they complete. It throws when they are no messages. */
export function createMessageReader(): (bytes: Uint8Array) => FrontendMessage[] {
  let chunks: Uint8Array[] = [];
  let received = 0;
  let needed = 0;
  let hasStarted = false;

  return (bytes) => {
    chunks.push(bytes);
    received += bytes.length;
    if (received < needed) return [];
    const data = Buffer.concat(chunks);
    const messages: FrontendMessage[] = [];
    let at = 0;
    for (;;) {
      const lengthAt = hasStarted ? 1 : 0;
      needed = lengthAt + 4;
      if (data.length - at < needed) break;
      needed = lengthAt + data.readInt32BE(at + lengthAt);
      if (needed < (hasStarted ? 5 : 8) || needed > maxLength) throw new Error("invalid length of a message");
      if (data.length - at < needed) break;
      const message = data.subarray(at, at + needed);
      const packet = hasStarted ? null : (packets.get(message.readInt32BE(4)) ?? "startup");
      messages.push({ type: packet ?? String.fromCharCode(message.readUInt8()), bytes: message });
      hasStarted ||= packet === "startup";
      at += needed;
    }
    chunks = [data.subarray(at)];
    received = data.length - at;
    return messages;
  };
}

/** Splits the answer of a server. */
export function listMessages(answer: Uint8Array): Uint8Array[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < answer.length;) {
    const end = at + 1 + view.getInt32(at + 1);
    messages.push(answer.subarray(at, end));
    at = end;
  }
  return messages;
}

/** True if an answer has an ErrorResponse. */
export function hasError(answer: Uint8Array): boolean {
  return listMessages(answer).some((message) => message[0] === "E".charCodeAt(0));
}

const readyForQueryLength = 6;

/** The state of the transaction that an answer ends with: I (none), T or E (failed). Null: the server waits for more messages. */
export function statusOf(answer: Uint8Array): string | null {
  const ending = answer.subarray(-readyForQueryLength);
  const isReady = ending[0] === "Z".charCodeAt(0) && ending[4] === 5; // otherwise it ends with another message
  return isReady && ending.length === readyForQueryLength ? String.fromCharCode(ending[5] ?? 0) : null;
}

/** Inserts a message before the ReadyForQuery that an answer ends with. */
export function insertAtEnd(answer: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([answer.subarray(0, -readyForQueryLength), message, answer.subarray(-readyForQueryLength)]);
}

/** For StartupMessage, whose first byte is not a type, see https://www.postgresql.org/docs/18/protocol-flow.html. */
export function toStartup(parameters: Record<string, string>): Uint8Array<ArrayBuffer> {
  const body = Buffer.from(`\0\x03\0\0${Object.entries(parameters).flat().join("\0")}\0\0`);
  return concat([toInt32(body.length + 4), body]);
}

export function toQuery(sql: string): FrontendMessage {
  return { type: "Q", bytes: toMessage("Q", `${sql}\0`) };
}

export function toSync(): FrontendMessage {
  return { type: "S", bytes: toMessage("S", "") };
}

/** Closes a prepared statement. */
export function toClose(name: string): FrontendMessage {
  return { type: "C", bytes: toMessage("C", `S${name}\0`) };
}

export function toParseComplete(): Uint8Array<ArrayBuffer> {
  return toMessage("1", "");
}

export function toTerminate(): Uint8Array<ArrayBuffer> {
  return toMessage("X", "");
}

export function toCopyFail(reason: string): Uint8Array<ArrayBuffer> {
  return toMessage("f", `${reason}\0`);
}

/** Ends the connection. */
export function toFatalError(code: string, message: string): Uint8Array<ArrayBuffer> {
  return toMessage("E", `SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
}

export function toWarning(code: string, message: string): Uint8Array<ArrayBuffer> {
  return toMessage("N", `SWARNING\0VWARNING\0C${code}\0M${message}\0\0`);
}

/** Answers a client that requested a minor version of the protocol after 3.0. */
export function toProtocolVersion(startup: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const isNewer = startup[6] !== 0 || startup[7] !== 0;
  return isNewer ? toMessage("v", "\0\x03\0\0\0\0\0\0") : null;
}

function toMessage(type: string, body: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(body);
  return concat([Buffer.from(type), toInt32(bytes.length + 4), bytes]);
}

function toInt32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Returns an array with memory of its own, which can be transferred to another thread. `Buffer.concat` shares memory between buffers. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
