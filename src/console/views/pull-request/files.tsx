import { useRef } from "preact/hooks";
import type { PullRequestView } from "../../../api/console-contract.ts";
import { Empty } from "../../components/page.tsx";
import { formatNumber } from "../../format.ts";
import { useVirtualRows } from "../../use-virtual-rows.ts";

type File = PullRequestView["files"][number];

const rowHeight = 32;

/** The files of the head. GitHub lists up to 3,000, so only the visible ones are rendered. */
export function PullRequestFiles({ files }: { files: readonly File[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { items, totalHeight } = useVirtualRows(scroller, files.length, rowHeight);
  if (files.length === 0)
    return (
      <Empty title="No file is captured.">
        <p>A pull request without files is rare: compare it with GitHub.</p>
      </Empty>
    );
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it
    <div ref={scroller} class="pr-files" role="region" aria-label="Files" tabIndex={0}>
      <ul style={{ height: `${totalHeight}px` }}>
        {items.map(({ index, start }) => {
          const file = files[index];
          return (
            file && (
              <li
                key={file.filename}
                aria-setsize={files.length}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
              >
                <FileRow file={file} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

const marks: Record<string, string> = { added: "A", removed: "D", modified: "M", renamed: "R", copied: "C" };

function FileRow({ file }: { file: File }) {
  const { filename, previous_filename, status, additions, deletions } = file;
  const title = previous_filename === null ? filename : `${previous_filename} → ${filename}`;
  return (
    <>
      <span class={`file-status ${status ?? ""}`} title={status ?? "status unknown"}>
        <span aria-hidden="true">{marks[status ?? ""] ?? "·"}</span>
        <span class="hidden">{status ?? "status unknown"}</span>
      </span>
      <span class="path" title={title}>
        {previous_filename !== null && <span class="muted">{previous_filename} → </span>}
        {filename}
      </span>
      <span class="sizes">
        {additions !== null && <span class="added">+{formatNumber(additions)}</span>}{" "}
        {deletions !== null && <span class="removed">−{formatNumber(deletions)}</span>}
      </span>
    </>
  );
}
