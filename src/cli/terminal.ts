import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Styles text for stdout. It stays plain when stdout is not a terminal or NO_COLOR is set. FORCE_COLOR overrides both. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Where text is shown. */
export interface Screen {
  /** Null: not a terminal. Then nothing is shortened, and times are exact. */
  width: number | null;
  now: number;
}

export function currentScreen(): Screen {
  return { width: process.stdout.isTTY ? process.stdout.columns || 80 : null, now: Date.now() };
}

export interface TableColumn<Row> {
  title: string;
  cell: (row: Row) => string;
  /** Numbers are aligned to the right. */
  align?: "right";
  style?: (row: Row) => Style;
  /** May lose its start or its end in a narrow terminal. */
  shrinks?: "start" | "end";
  /** May be left out in a narrow terminal. The rightmost goes first. */
  isDispensable?: true;
}

const gap = "  ";
const minShrunkWidth = 16;

/** Aligns rows under titles, within the screen's width. `notes` are lines below a row. */
export function formatTable<Row>(
  rows: readonly Row[],
  allColumns: readonly TableColumn<Row>[],
  { width }: Pick<Screen, "width">,
  notes: (row: Row) => string[] = () => [],
): string {
  const columns = leaveOut(rows, allColumns, width);
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = columns.map((column) => widthOf(rows, column));
  shrink(widths, columns, width);
  const line = (texts: readonly string[], style: (index: number) => Style | null) =>
    texts
      .map((text, index) => {
        const size = widths[index] ?? 0;
        const shown = shorten(text, size, columns[index]?.shrinks);
        const padding = " ".repeat(size - shown.length);
        const chosen = style(index);
        const painted = chosen === null ? shown : paint(chosen, shown);
        if (columns[index]?.align === "right") return `${padding}${painted}`;
        return index === columns.length - 1 ? painted : `${painted}${padding}`;
      })
      .join(gap);
  const titles = columns.map(({ title }) => title);
  return [
    line(titles, () => "dim"),
    ...rows.flatMap((row, at) => [
      line(cells[at] ?? [], (index) => columns[index]?.style?.(row) ?? null),
      ...notes(row).map((note) => `    ${note}`),
    ]),
  ].join("\n");
}

function widthOf<Row>(rows: readonly Row[], { title, cell }: TableColumn<Row>): number {
  return Math.max(title.length, ...rows.map((row) => cell(row).length));
}

/** Returns the columns that fit once those that may shrink have shrunk. */
function leaveOut<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  width: number | null,
): readonly TableColumn<Row>[] {
  if (width === null) return columns;
  const least = (column: TableColumn<Row>) =>
    column.shrinks ? Math.min(widthOf(rows, column), minShrunkWidth) : widthOf(rows, column);
  const total = columns.reduce((sum, column) => sum + least(column) + gap.length, -gap.length);
  const dispensable = columns.findLastIndex(({ isDispensable }) => isDispensable);
  if (total <= width || dispensable === -1) return columns;
  return leaveOut(rows, columns.toSpliced(dispensable, 1), width);
}

/** Narrows the columns that may shrink, the widest first, until the line fits. */
function shrink<Row>(widths: number[], columns: readonly TableColumn<Row>[], width: number | null): void {
  if (width === null) return;
  const total = () => widths.reduce((sum, each) => sum + each + gap.length, -gap.length);
  while (total() > width) {
    const candidates = columns.flatMap(({ shrinks }, index) =>
      shrinks && (widths[index] ?? 0) > minShrunkWidth ? [index] : [],
    );
    const widest = candidates.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function shorten(text: string, size: number, part: "start" | "end" = "end"): string {
  if (text.length <= size) return text;
  return part === "start" ? `…${text.slice(text.length - size + 1)}` : `${text.slice(0, size - 1)}…`;
}

/** Returns the title of a column that `toAge` fills. */
export function ageTitle({ width }: Screen): string {
  return width === null ? "CREATED" : "AGE";
}

/** How long ago, such as `3m`. An ISO string when the output is not a terminal. */
export function toAge(moment: string, { width, now }: Screen): string {
  const at = new Date(moment);
  if (width === null) return at.toISOString();
  const seconds = Math.max(0, Math.round((now - at.getTime()) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Removes control characters and escape sequences: text from GitHub must not control the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
}
