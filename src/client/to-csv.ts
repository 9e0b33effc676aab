import type { SqlAnswer } from "../api/console-contract.ts";

/** RFC 4180, with NULL as an unquoted and an empty text as a quoted empty field. */
export function toCsv({ columns, rows }: Pick<SqlAnswer, "columns" | "rows">): string {
  const lines = [columns.map(({ name }) => name), ...rows].map((row) => row.map(toField).join(","));
  return lines.join("\n");
}

function toField(value: string | null): string {
  if (value === null) return "";
  return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
