import { useEffect, useRef, useState } from "preact/hooks";
import { Page } from "../components/page.tsx";
import { navigate, route } from "../router.ts";
import { Editor, type EditorHandle } from "./sql/editor.tsx";
import { Examples } from "./sql/examples.tsx";
import { RunOutcome } from "./sql/outcome.tsx";
import { SchemaPanel } from "./sql/schema.tsx";
import { useRun, type Run } from "./sql/use-run.ts";

/** A query box for reading. The query is in the address bar, but runs only when the reader starts it. */
export function SqlView() {
  const shared = route.value.query.get("query") ?? "";
  const [text, setText] = useState(shared);
  const [limit, setLimit] = useState(1_000);
  const { run: last, start, stop, reset } = useRun();
  const run: Run = last.is === "idle" || last.query === shared ? last : { is: "idle" }; // the reader went back
  const editor = useRef<EditorHandle>(null);
  useEffect(() => setText(shared), [shared]);

  const runQuery = (query: string) => {
    if (query.trim() === "") return;
    navigate(["sql"], { query });
    void start(query, limit);
  };
  return (
    <Page
      title="SQL"
      lead="Reads the rows in a transaction that cannot write. Queries have a time limit and a row limit."
    >
      <div class="sql">
        <div class="sql-main">
          <Editor
            handle={editor}
            text={text}
            onChange={setText}
            limit={limit}
            onLimit={setLimit}
            isRunning={run.is === "running"}
            error={run.is === "failed" ? run : null}
            onRun={() => runQuery(text)}
            onStop={stop}
            onExamples={run.is === "idle" ? null : reset}
          />
          {run.is === "idle" && (
            <Examples
              onPick={(query) => {
                setText(query);
                runQuery(query);
              }}
            />
          )}
          {run.is !== "idle" && run.is !== "failed" && <RunOutcome run={run} />}
        </div>
        <SchemaPanel onPick={(name) => editor.current?.insert(name)} />
      </div>
    </Page>
  );
}
