import { z } from "zod";

/**
 * The database cannot write: resources are insufficient (a full disk), the disk fails, or it is read-only. SQLSTATE classes 53 and 58, and 25006:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const cannotWrite = /^(53[0-9A-Z]{3}|58[0-9A-Z]{3}|25006)$/;

const refusalSchema = z.object({ code: z.string().regex(cannotWrite), message: z.string() });

/** Remembers that the database refused to write. A health check that only reads does not notice a full disk. */
export interface Refusals {
  /** Wraps the store's `fetch`. */
  watch: (inner: typeof fetch) => typeof fetch;
  /** Calls `write` if a write was refused before. Returns why the database refuses to write, or null if it writes. */
  check: (write: () => Promise<unknown>) => Promise<string | null>;
}

export function createRefusals(): Refusals {
  let reason: string | null = null;

  async function record(response: Response): Promise<void> {
    const refusal = refusalSchema.safeParse(await response.json().catch(() => null));
    if (refusal.success) reason = refusal.data.message;
  }

  return {
    watch: (inner) => async (input, init) => {
      const response = await inner(input, init);
      if (!response.ok) await record(response.clone());
      return response;
    },
    async check(write) {
      if (reason === null) return null;
      try {
        await write();
        reason = null;
      } catch {
        // The refusal is recorded again.
      }
      return reason;
    },
  };
}
