/**
 * Replaces NUL and lone surrogates, which Postgres cannot store, with U+FFFD. A hostile title then loses a character instead of failing the
 * row.
 */
export function toStorableText(text: string): string {
  // Almost every text is storable, and to find that out takes no copy.
  if (text.isWellFormed() && !text.includes("\0")) return text;
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
