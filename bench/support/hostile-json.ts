import fc from "fast-check";

/** JSON texts that a careless reader trips over. Texts and not values: not every one survives `JSON.stringify`. */
const dangerous = [
  // wrong types and empty things
  ["null", "true", "false", '""', "[]", "{}", "[null]", "[{}]", "0", "-1", "0.5", '"1"'],
  // numbers beyond the integers of Postgres and JavaScript
  ["-0", "1e400", "-1e400", "1e308", "2147483648", "9007199254740991", "9007199254740993"],
  ["9223372036854775808", "8640000000001", "1e-7"],
  // moments that are none, or not everybody's
  ['"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2026-02-30T00:00:00Z"', '"2026-01-01T24:00:00Z"'],
  ['"2026-01-01T00:00:00+23:59"', '"2026-01-01T00:00:00.123456789Z"', '"infinity"', '"now"'],
  // names that mean something in JavaScript, in SQL or in a path
  ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'],
  ['{"toJSON":1,"toString":1,"length":-1}', '{"then":{}}', '"__proto__"', '"constructor"'],
  ['"\'; drop schema github cascade; --"', '"%00"', '"../../app"', '"{}"', '"\\\\x00"'],
  // text that Postgres or a terminal cannot take
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

/** Longer than what an index of Postgres takes, and nothing to be compressed. */
const noise = fc
  .array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1_000, maxLength: 1_200 })
  .map((numbers) => `"${numbers.map((each) => each.toString(36)).join("")}"`);

const many = fc
  .tuple(fc.constantFrom(1_000, 20_000), fc.constantFrom("1", "{}", "null", '"a"', '{"name":"a"}'))
  .map(([count, item]) => `[${Array.from({ length: count }, () => item).join(",")}]`);

/** A JSON text in the place of a value. */
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

/** Where a value stands in a JSON value: the keys that lead to it. */
export type Path = readonly (string | number)[];

/** Every path in a value, down to a depth. */
export function pathsOf(value: unknown, depth: number, path: Path = []): Path[] {
  if (depth === 0 || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const here = [...path, key];
    return [here, ...pathsOf(each, depth - 1, here)];
  });
}

/** The value as JSON, with other JSON texts at some of its paths. */
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

/** A path that an earlier replacement has cut off is passed over. */
function setAt(target: unknown, [key, ...rest]: Path, value: unknown): void {
  if (key === undefined || typeof target !== "object" || target === null) return;
  const record = target as Record<string | number, unknown>;
  if (rest.length === 0) record[key] = value;
  else setAt(record[key], rest, value);
}
