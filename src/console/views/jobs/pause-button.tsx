import { useEffect, useState } from "preact/hooks";
import { Button } from "../../components/button.tsx";
import { formatCount } from "../../format.ts";
import { onChange } from "../../live.ts";

interface PauseButtonProps {
  isPaused: boolean;
  onPause: () => void;
  onResume: () => void;
}

/** Holds live updates back, and counts the jobs that change meanwhile. */
export function PauseButton({ isPaused, onPause, onResume }: PauseButtonProps) {
  const [changed, setChanged] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => {
    if (!isPaused) return;
    setChanged(new Set());
    return onChange(({ jobs }) => setChanged((before) => new Set([...before, ...jobs.map(({ id }) => id)])));
  }, [isPaused]);
  if (!isPaused) return <Button onClick={onPause}>Pause updates</Button>;
  return (
    <>
      <output class="paused">
        Paused. {changed.size === 0 ? "Nothing has changed." : `${formatCount(changed.size, "job")} changed.`}
      </output>
      <Button kind="primary" onClick={onResume}>
        Resume
      </Button>
    </>
  );
}
