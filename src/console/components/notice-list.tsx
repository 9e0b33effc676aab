import { dismiss, notices } from "../notices.ts";

/** The notices at the edge of the page. */
export function NoticeList() {
  return (
    <output class="notices" aria-live="polite">
      {notices.value.map(({ id, text, tone }) => (
        <div key={id} class={`notice ${tone}`}>
          <span>{text}</span>
          <button type="button" class="dismiss" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </output>
  );
}
