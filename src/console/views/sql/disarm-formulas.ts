import type { SqlAnswer } from "../../../api/console-contract.ts";
import { isNumeric } from "./column-type.ts";

/**
 * Puts an apostrophe before texts that a spreadsheet would run as a formula (https://owasp.org/www-community/attacks/CSV_Injection): everyone on
 * GitHub writes titles and comments.
 */
export function disarmFormulas({ columns, rows }: SqlAnswer): Pick<SqlAnswer, "columns" | "rows"> {
  const disarm = (value: string | null, index: number) =>
    value !== null && !isNumeric(columns[index]?.type) && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return { columns, rows: rows.map((row) => row.map(disarm)) };
}
