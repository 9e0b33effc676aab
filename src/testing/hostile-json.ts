import fc from "fast-check";

/** JSON texts that break a careless parser. They are texts because `JSON.stringify` would change some of the values. */
const dangerous = [
  // wrong types and empty values
  ["null", "true", "false", '""', "[]", "{}", "[null]", "[{}]", "0", "-1", "0.5", '"1"'],
  // numbers beyond the integers of Postgres and JavaScript
  ["-0", "1e400", "-1e400", "1e308", "2147483648", "9007199254740991", "9007199254740993"],
  ["9223372036854775808", "8640000000001", "1e-7"],
  // invalid or unusual times
  ['"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2026-02-30T00:00:00Z"', '"2026-01-01T24:00:00Z"'],
  ['"2026-01-01T00:00:00+23:59"', '"2026-01-01T00:00:00.123456789Z"', '"infinity"', '"now"'],
  // names with a meaning in JavaScript, SQL or paths
  ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'],
  ['{"toJSON":1,"toString":1,"length":-1}', '{"then":{}}', '"__proto__"', '"constructor"'],
  ['"\'; drop schema github cascade; --"', '"%00"', '"../../app"', '"{}"', '"\\\\x00"'],
  // text that Postgres or a terminal cannot handle
  ['"\\ud800"', '"\\udfff\\ud800"', '"a\\u0000b"', '"\\u0000"', '"\\u202e\\u001b[2J"', '"\\uffff"'],
].flat();

const nested = fc
  .tuple(fc.constantFrom(100, 1_000, 100_000), fc.constantFrom<[string, string]>(["[", "]"], ['{"a":', "}"]))
  .map(([depth, [open, close]]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const long = fc
  .tuple(
    fc.constantFrom(300, 65_536, 65_537, 400_000),
    fc.constantFrom("a", "é", "\\u0000", "\\ud83d", "\\n"),
  )
  .map(([length, unit]) => `"${unit.repeat(length)}"`);

/** Longer than a Postgres index entry, and not compressible. */
const noise = fc
  .array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1_000, maxLength: 1_200 })
  .map((numbers) => `"${numbers.map((each) => each.toString(36)).join("")}"`);

const many = fc
  .tuple(fc.constantFrom(1_000, 20_000), fc.constantFrom("1", "{}", "null", '"a"', '{"name":"a"}'))
  .map(([count, item]) => `[${Array.from({ length: count }, () => item).join(",")}]`);

/** A JSON text to use as a value. */
export const hostileValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...dangerous) },
  { weight: 3, arbitrary: fc.json() },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }).map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: fc.maxSafeInteger().map(String) },
  { weight: 2, arbitrary: long },
  { weight: 1, arbitrary: noise },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: many },
);

/** The keys that lead to a value in JSON. */
export type Path = readonly (string | number)[];

/** Returns all paths in a value down to a depth. */
export function pathsOf(value: unknown, depth: number, path: Path = []): Path[] {
  if (depth === 0 || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const here = [...path, key];
    return [here, ...pathsOf(each, depth - 1, here)];
  });
}

/** Returns the value as JSON with some values replaced by JSON texts. */
export function replaceAt(value: object, replacements: readonly { path: Path; by: string }[]): string {
  const copy: unknown = structuredClone(value);
  for (const [index, { path }] of replacements.entries()) setAt(copy, path, toMark(index));
  return replacements.reduce(
    (json, { by }, index) => json.replace(`"${toMark(index)}"`, () => by),
    JSON.stringify(copy),
  );
}

function toMark(index: number): string {
  return `replacement ${index}`;
}

/** Ignores a path that an earlier replacement has removed. */
function setAt(target: unknown, [key, ...rest]: Path, value: unknown): void {
  if (key === undefined || typeof target !== "object" || target === null) return;
  const record = target as Record<string | number, unknown>;
  if (rest.length === 0) record[key] = value;
  else setAt(record[key], rest, value);
}
