import type { SqlAnswer } from "../api/console-contract.ts";
import { plural } from "./format.ts";
import { printable } from "./terminal.ts";

/** The maximum width of a value. Longer ones are shortened; --json and --csv have them in full. */
const maxWidth = 60;

/** Formats a table that is as wide as its values. NULL is empty. */
export function formatRows({ columns, rows, truncated }: SqlAnswer): string {
  const cells = [columns.map(({ name }) => name), ...rows.map((row) => row.map((value) => value ?? ""))].map(
    (row) => row.map(toCell),
  );
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, `${plural(rows.length, "row")}${truncated ? ", and more" : ""}`].join("\n");
}

function toCell(value: string): string {
  const line = printable(value.replaceAll("\n", "\\n"));
  return line.length > maxWidth ? `${line.slice(0, maxWidth - 1)}…` : line;
}
