/** Leaves out when and why rows were stored: rows are the same whichever capture stores them, but for this. */
export function withoutProvenance(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([column]) => !/^(files_)?captured_(at|by)$/.test(column))),
  );
}
