import { useEffect, useRef } from "preact/hooks";
import type { SqlAnswer } from "../../../api/console-contract.ts";
import { Button } from "../../components/button.tsx";
import { formatNumber } from "../../format.ts";

interface RowDialogProps {
  answer: SqlAnswer;
  index: number;
  onMove: (index: number) => void;
  onClose: () => void;
}

/** One row with all values whole. */
export function RowDialog({ answer: { columns, rows }, index, onMove, onClose }: RowDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const row = rows[index] ?? [];
  return (
    <dialog ref={dialog} class="dialog row-dialog" aria-label={`Row ${index + 1}`} onClose={onClose}>
      <h2>
        Row {formatNumber(index + 1)} of {formatNumber(rows.length)}
      </h2>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it */}
      <div class="row-values" role="region" aria-label="Values" tabIndex={0}>
        <dl>
          {columns.map(({ name, type }, column) => (
            <div key={column}>
              <dt>
                {name} <span class="muted">{type}</span>
              </dt>
              <dd>{row[column] ?? <span class="null">NULL</span>}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div class="actions">
        <Button isDisabled={index === 0} onClick={() => onMove(index - 1)}>
          Previous
        </Button>
        <Button isDisabled={index === rows.length - 1} onClick={() => onMove(index + 1)}>
          Next
        </Button>
        <Button kind="primary" onClick={() => dialog.current?.close()}>
          Close
        </Button>
      </div>
    </dialog>
  );
}
