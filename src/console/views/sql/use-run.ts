import { useEffect, useRef, useState } from "preact/hooks";
import type { SqlAnswer } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { messageOf } from "../../request.ts";

export type Run =
  | { is: "idle" }
  | { is: "running" | "stopped"; query: string }
  | { is: "done"; query: string; answer: SqlAnswer }
  | { is: "failed"; query: string; message: string };

/** Runs one query at a time. */
export function useRun() {
  const [run, setRun] = useState<Run>({ is: "idle" });
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => current.current?.abort(), []);

  const start = async (query: string, limit: number) => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    setRun({ is: "running", query });
    try {
      const answer = await api.runSql(query, limit, own.signal);
      if (!own.signal.aborted) setRun({ is: "done", query, answer });
    } catch (error) {
      if (own.signal.aborted) return;
      setRun({ is: "failed", query, message: messageOf(error) });
    }
  };
  const stop = () => {
    current.current?.abort();
    setRun((before) => (before.is === "running" ? { is: "stopped", query: before.query } : before));
  };
  const reset = () => {
    current.current?.abort();
    setRun({ is: "idle" });
  };
  return { run, start, stop, reset };
}
