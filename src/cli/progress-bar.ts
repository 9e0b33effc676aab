const width = 30;

/** A stream such as `process.stderr`. */
export type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

export interface Progress {
  done: number;
  /** Null: unknown. Only the label is shown. */
  total: number | null;
  label: string;
}

export interface ProgressBar {
  show(progress: Progress): void;
  /** Ends the line. */
  end(): void;
}

/** Redraws one line. Draws nothing if the stream is not a terminal. */
export function createProgressBar(stream: Terminal): ProgressBar {
  let drawn = false;
  return {
    show({ done, total, label }) {
      if (!stream.isTTY) return;
      const line = total === null ? label : `${drawBar(total === 0 ? 1 : done / total)} ${label}`;
      stream.write(`\r\u001B[2K${line.slice(0, (stream.columns || 80) - 1)}`);
      drawn = true;
    },
    end() {
      if (drawn) stream.write("\n");
      drawn = false;
    },
  };
}

/** Full only when `share` is 1. */
export function drawBar(share: number): string {
  const full = Math.floor(Math.min(Math.max(share, 0), 1) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
