/**
 * Parses the text of a composite value, such as `(1,"a ""b"", c",)`: an empty field is NULL, and quoted fields double `"` and `\`.
 * https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 */
export function parseComposite(text: string): (string | null)[] {
  const fields: (string | null)[] = [];
  const field = /[(,](?:"((?:[^"\\]|""|\\.)*)"|([^,")]*))/gsy;
  for (const [, quoted, plain] of text.matchAll(field))
    fields.push(
      quoted === undefined
        ? plain || null
        : quoted.replaceAll(/""|\\(.)/gs, (_, escaped?: string) => escaped ?? '"'),
    );
  return fields;
}
