import { useMemo, useRef, useState } from "preact/hooks";
import type { SqlAnswer } from "../../../api/console-contract.ts";
import { formatNumber } from "../../format.ts";
import { useVirtualRows } from "../../use-virtual-rows.ts";
import { isNumeric } from "./column-type.ts";
import { RowDialog } from "./row-dialog.tsx";

const rowHeight = 29;
/** A column is as wide as the longest of its first values, in characters. */
const measuredRows = 200;
const width = { min: 6, max: 44 };
const pageRows = 15;

/** The rows of a query. Only the visible ones are rendered. Arrow keys choose a row, and Enter shows it whole. */
export function ResultGrid({ answer }: { answer: SqlAnswer }) {
  const { columns, rows } = answer;
  const scroller = useRef<HTMLDivElement>(null);
  const { items, totalHeight } = useVirtualRows(scroller, rows.length, rowHeight);
  const [active, setActive] = useState(0);
  const [opened, setOpened] = useState<number | null>(null);
  const widths = useMemo(() => measure(answer), [answer]);
  const before = items[0]?.start ?? 0;
  const after = totalHeight - before - items.length * rowHeight;

  const choose = (index: number) => {
    const next = Math.min(Math.max(index, 0), rows.length - 1);
    setActive(next);
    if (scroller.current) reveal(scroller.current, next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + pageRows,
      PageUp: active - pageRows,
      Home: 0,
      End: rows.length - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) choose(next);
    else if (event.key === "Enter") setOpened(active);
    else if (event.key === "ArrowRight") scroller.current?.scrollBy({ left: 120 });
    else if (event.key === "ArrowLeft") scroller.current?.scrollBy({ left: -120 });
    else return;
    event.preventDefault();
  };
  const isRendered = items.some(({ index }) => index === active);

  return (
    <>
      <div ref={scroller} class="sql-result">
        <table
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- arrow keys choose rows
          role="grid"
          tabIndex={0}
          aria-label="Rows. Arrow keys choose a row, Enter shows it whole."
          aria-rowcount={rows.length + 1}
          aria-activedescendant={isRendered ? `row-${active}` : undefined}
          onKeyDown={onKeyDown}
        >
          <colgroup>
            <col style={{ width: `${formatNumber(rows.length).length + 3}ch` }} />
            {widths.map((characters, index) => (
              <col key={index} style={{ width: `${characters + 4}ch` }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col" class="number">
                <span class="hidden">Row</span>
              </th>
              {columns.map(({ name, type }, index) => (
                <th
                  key={index}
                  scope="col"
                  class={isNumeric(type) ? "number" : ""}
                  title={`${name}: ${type}`}
                >
                  {name} <span class="muted">{type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <Spacer height={before} columns={columns.length + 1} />}
            {items.map(({ index }) => (
              <Row
                key={index}
                index={index}
                answer={answer}
                isActive={index === active}
                onChoose={() => setActive(index)}
                onOpen={() => setOpened(index)}
              />
            ))}
            {after > 0 && <Spacer height={after} columns={columns.length + 1} />}
          </tbody>
        </table>
      </div>
      {opened !== null && (
        <RowDialog answer={answer} index={opened} onMove={setOpened} onClose={() => setOpened(null)} />
      )}
    </>
  );
}

/** Scrolls as little as possible. The header covers the height of one row. */
function reveal(scroller: HTMLElement, index: number): void {
  const top = index * rowHeight;
  const shown = scroller.clientHeight - 2 * rowHeight;
  scroller.scrollTop = Math.max(Math.min(scroller.scrollTop, top), top - shown);
}

/** Stands for the rows that are not rendered. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true" class="spacer">
      <td colSpan={columns} style={{ height: `${height}px` }}>
        {" "}
      </td>
    </tr>
  );
}

interface RowProps {
  index: number;
  answer: SqlAnswer;
  isActive: boolean;
  onChoose: () => void;
  onOpen: () => void;
}

function Row({ index, answer: { columns, rows }, isActive, onChoose, onOpen }: RowProps) {
  return (
    <tr
      id={`row-${index}`}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      onClick={onChoose}
      onDblClick={onOpen}
    >
      <th scope="row" class="number muted">
        {formatNumber(index + 1)}
      </th>
      {rows[index]?.map((value, column) => (
        <td key={column} class={isNumeric(columns[column]?.type) ? "number" : ""}>
          {value === null ? <span class="null">NULL</span> : value}
        </td>
      ))}
    </tr>
  );
}

function measure({ columns, rows }: SqlAnswer): number[] {
  return columns.map(({ name, type }, index) => {
    const values = rows.slice(0, measuredRows).map((row) => row[index]?.length ?? 4);
    return Math.min(width.max, Math.max(width.min, name.length + type.length + 1, ...values));
  });
}
