import type { Ref } from "preact";
import { useImperativeHandle, useRef } from "preact/hooks";
import { Button } from "../../components/button.tsx";
import { formatNumber } from "../../format.ts";
import { ErrorExcerpt } from "./error-excerpt.tsx";

export interface EditorHandle {
  /** Inserts text at the caret, in place of the selection. */
  insert: (text: string) => void;
}

interface EditorProps {
  handle: Ref<EditorHandle>;
  text: string;
  onChange: (text: string) => void;
  limit: number;
  onLimit: (limit: number) => void;
  isRunning: boolean;
  /** The error of the query that ran last. */
  error: { query: string; message: string } | null;
  onRun: () => void;
  onStop: () => void;
  /** Shows the examples. Null while they show. */
  onExamples: (() => void) | null;
}

const limits = [100, 1_000, 10_000];
const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Editor(props: EditorProps) {
  const { handle, text, onChange, limit, onLimit, isRunning, error, onRun, onStop, onExamples } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(handle, () => ({
    insert: (inserted) => {
      box.current?.focus();
      // oxlint-disable-next-line typescript/no-deprecated -- the only way to insert text that the keyboard can undo
      document.execCommand("insertText", false, inserted);
    },
  }));
  return (
    <div class="sql-editor">
      <textarea
        ref={box}
        aria-label="Query"
        aria-keyshortcuts="Control+Enter Meta+Enter"
        aria-invalid={error !== null}
        aria-describedby="query-error"
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        rows={8}
        maxLength={50_000}
        placeholder="select …"
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onRun();
        }}
      />
      <div id="query-error" role="alert">
        {error !== null && <ErrorExcerpt query={error.query} message={error.message} />}
      </div>
      <div class="sql-editor-bar">
        {isRunning ? (
          <Button onClick={onStop}>Stop</Button>
        ) : (
          <Button kind="primary" onClick={onRun} isDisabled={text.trim() === ""}>
            Run
          </Button>
        )}
        <span class="muted small shortcut" aria-hidden="true">
          <kbd>{isApple ? "⌘" : "Ctrl"}</kbd> <kbd>Enter</kbd>
        </span>
        {onExamples && (
          <Button kind="quiet" onClick={onExamples}>
            Examples
          </Button>
        )}
        <label class="sql-limit muted small">
          At most{" "}
          <select
            class="select"
            value={limit}
            onChange={(event) => onLimit(Number(event.currentTarget.value))}
          >
            {limits.map((each) => (
              <option key={each} value={each}>
                {formatNumber(each)} rows
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
