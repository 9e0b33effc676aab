import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { connection } from "../live.ts";
import { messageOf } from "../request.ts";
import type { Loadable } from "../use-resource.ts";
import { Button } from "./button.tsx";

interface PageProps {
  title: string;
  /** The title as the heading shows it, if it needs markup. */
  heading?: ComponentChildren;
  /** A line under the title. */
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** The frame of a view. Its heading takes the focus when the view opens, so that screen readers read it. */
export function Page({ title, heading = title, lead, actions, children }: PageProps) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · pr-capture`;
    if (document.activeElement !== document.body) element.current?.focus();
  }, [title]);
  return (
    <>
      <header class="page-header">
        <div>
          <h1 ref={element} tabIndex={-1}>
            {heading}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

interface SectionProps {
  title: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of a view with a heading. */
export function Section({ title, note, actions, children }: SectionProps) {
  return (
    <section class="section">
      <header class="section-header">
        <h2>{title}</h2>
        {note && <span class="muted">{note}</span>}
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** What to show when there is nothing to show: why, and what to do first. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Shows the data of a resource, or that it loads, or why it did not load. While the server is gone, the page says so at its top. */
export function Loaded<Data>({
  resource,
  children,
}: {
  resource: Loadable<Data>;
  children: (data: Data) => ComponentChildren;
}) {
  const { data, error, reload } = resource;
  const isExplained = data !== null && connection.value === "offline";
  return (
    <>
      {error !== null && !isExplained && (
        <div class="problem" role="alert">
          <p>{messageOf(error)}</p>
          <Button onClick={reload}>Try again</Button>
        </div>
      )}
      {data === null ? error === null && <p class="loading">Loading…</p> : children(data)}
    </>
  );
}
