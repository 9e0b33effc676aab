/**
 * Text that Postgres can hold: no NUL, no lone surrogate. Both become U+FFFD, so that a hostile title costs a character and not the
 * row.
 */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
