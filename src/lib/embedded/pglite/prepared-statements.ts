import { concat, hasError, toClose, toParseComplete, toSync, type FrontendMessage } from "./protocol.ts";
import type { Session } from "./session.ts";

/** A server has some sixty different statements. */
const maxStatements = 200;

/** Runs the statements of connections that share a session, and has Postgres plan each of them once. */
export interface PreparedStatements {
  run(batch: readonly FrontendMessage[]): Promise<Uint8Array<ArrayBuffer>>;
  /** Forgets the statements, because the session no longer has them. */
  forget(): void;
}

/**
 * Clients cannot name prepared statements themselves, because each would use the others' names. So unnamed statements get names here, and a
 * statement that is known is not parsed again.
 */
export function createPreparedStatements(session: Session): PreparedStatements {
  const names = new Map<string, string>();
  let count = 0;

  async function close(name: string): Promise<void> {
    await session.run([toClose(name), toSync()]);
  }

  async function closeOldest(): Promise<void> {
    for (const [key, name] of names) {
      names.delete(key);
      return close(name);
    }
  }

  return {
    run: async (batch) => {
      const [parse, bind, ...rest] = batch;
      if (!parse || !bind || !isUnnamedStatement(batch)) return session.run(batch);
      const key = Buffer.from(parse.bytes).toString("latin1");
      const known = names.get(key);
      const name = known ?? `server ${++count}`;
      const bound = nameIn(bind, 2, name);
      const answer = await session.run(known ? [bound, ...rest] : [nameIn(parse, 1, name), bound, ...rest]);
      if (hasError(answer)) {
        names.delete(key);
        await close(name);
      } else if (!known) {
        names.set(key, name);
        if (names.size > maxStatements) await closeOldest();
      }
      return known ? concat([toParseComplete(), answer]) : answer;
    },
    forget: () => names.clear(),
  };
}

/** True for Parse, Bind, Describe, Execute and Sync of a statement and a portal without names, as `pg` sends a query with parameters. */
function isUnnamedStatement(batch: readonly FrontendMessage[]): boolean {
  const [parse, bind, describe] = batch;
  return (
    batch.map(({ type }) => type).join("") === "PBDES" &&
    parse?.bytes[5] === 0 &&
    bind?.bytes[5] === 0 &&
    bind.bytes[6] === 0 &&
    describe?.bytes[5] === "P".charCodeAt(0)
  );
}

/** Writes a name into a Parse or Bind, in place of its nth string, which is empty. */
function nameIn({ type, bytes }: FrontendMessage, nth: 1 | 2, name: string): FrontendMessage {
  const at = 4 + nth;
  const named = Buffer.concat([bytes.subarray(0, at), Buffer.from(name), bytes.subarray(at)]);
  named.writeInt32BE(named.length - 1, 1);
  return { type, bytes: named };
}
