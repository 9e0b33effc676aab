import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { onChange, reconnections } from "./live.ts";
import { token } from "./session.ts";

export interface Loadable<Data> {
  /** Null until the first answer. An error or a reload keeps the data of the last answer. */
  data: Data | null;
  /** The error of the last attempt, or null. */
  error: unknown;
  isLoading: boolean;
  reload: () => void;
}

/** The usual time between two reloads that live changes cause. */
const usualRefreshMs = 1_000;

/**
 * Loads data when the view opens, when `key` changes, and after the server came back. With `isLive`, also when something changes on the server,
 * at once and then at most every `refreshMs`; with `everyMs`, at that interval. `key` contains everything that `load` depends on.
 */
export function useResource<Data>(
  key: string,
  load: (signal: AbortSignal) => Promise<Data>,
  {
    isLive = false,
    refreshMs = usualRefreshMs,
    everyMs,
  }: { isLive?: boolean; refreshMs?: number; everyMs?: number } = {},
): Loadable<Data> {
  const [state, setState] = useState<{ key: string; data: Data | null; error: unknown; isLoading: boolean }>({
    key,
    data: null,
    error: null,
    isLoading: true,
  });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(load);
  useLayoutEffect(() => {
    latest.current = load;
  });
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  const generation = reconnections.value;
  const reader = token.value;

  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({
      ...before,
      data: before.key === key ? before.data : null,
      key,
      isLoading: true,
    }));
    latest
      .current(stop.signal)
      .then((data) => setState({ key, data, error: null, isLoading: false }))
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, error, isLoading: false }));
      });
    return () => stop.abort();
  }, [key, attempt, generation, reader]);

  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(reload, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);

  useEffect(() => (isLive ? onChange(limitRate(reload, refreshMs)) : undefined), [isLive, refreshMs, reload]);

  return {
    data: state.key === key ? state.data : null,
    error: state.error,
    isLoading: state.isLoading,
    reload,
  };
}

/** Calls `act` at once, and while calls continue once every `ms`. */
function limitRate(act: () => void, ms: number): () => void {
  let isResting = false;
  let isWanted = false;
  const run = () => {
    isResting = true;
    isWanted = false;
    act();
    setTimeout(() => {
      isResting = false;
      if (isWanted) run();
    }, ms);
  };
  return () => {
    if (isResting) isWanted = true;
    else run();
  };
}
