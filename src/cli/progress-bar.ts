const width = 30;

/** What a progress line is drawn on: `process.stderr`. */
export type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

export interface Progress {
  done: number;
  /** Null: not known, and the label alone says how far it is. */
  total: number | null;
  label: string;
}

export interface ProgressBar {
  show(progress: Progress): void;
  /** Leaves the terminal's line to others. */
  end(): void;
}

/** A line that is drawn over. Where the stream is no terminal, nothing is drawn. */
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

/** Full only at the whole of it. */
export function drawBar(share: number): string {
  const full = Math.floor(Math.min(Math.max(share, 0), 1) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
