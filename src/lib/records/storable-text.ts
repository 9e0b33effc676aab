/**
 * Replaces NUL and lone surrogates, which Postgres cannot store, with U+FFFD. A hostile title then loses a character instead of failing the
 * row.
 */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
