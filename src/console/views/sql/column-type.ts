/** True for the types of numbers, as Postgres names them. */
export function isNumeric(type: string | undefined): boolean {
  return /^(smallint|integer|bigint|numeric|real|double precision|int[248]|float[48]|oid)\b(?!\[)/.test(
    type ?? "",
  );
}
