import type { SqlAnswer } from "../api/console-contract.ts";

/** Formats rows as CSV (RFC 4180, but with LF). NULL is an empty field, and an empty text is `""`. */
export function toCsv({ columns, rows }: Pick<SqlAnswer, "columns" | "rows">): string {
  const lines = [columns.map(({ name }) => name), ...rows].map((row) => row.map(toField).join(","));
  return lines.join("\n");
}

function toField(value: string | null): string {
  if (value === null) return "";
  return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
