import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { PullRequestView } from "../../../api/console-contract.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Empty, Section } from "../../components/page.tsx";
import { Moment } from "../../components/time.tsx";
import { formatCount } from "../../format.ts";
import { GitHubLink } from "./github-link.tsx";
import { HostileText } from "./hostile-text.tsx";
import { Provenance } from "./provenance.tsx";
import { toTimeline, type Thread, type TimelineEntry, type TimelineItem } from "./to-timeline.ts";

/** What happened to a pull request, oldest first. */
export function Timeline({ view }: { view: PullRequestView }) {
  const items = useMemo(() => toTimeline(view), [view]);
  const deleted = view.timeline.filter(({ deleted_at }) => deleted_at !== null).length;
  return (
    <Section
      title="Timeline"
      note={`${formatCount(view.timeline.length, "review or comment", "reviews and comments")}${deleted > 0 ? `, ${formatCount(deleted, "of them deleted", "of them deleted")}` : ""}`}
    >
      {items.length === 0 ? (
        <Empty title="Nothing has happened yet." />
      ) : (
        <ol class="pr-timeline">
          {items.map((item) => (
            <Item key={keyOf(item)} item={item} view={view} />
          ))}
        </ol>
      )}
    </Section>
  );
}

type ReviewItem = Extract<TimelineItem, { is: "review" }>;

function keyOf(item: TimelineItem): string {
  if (item.is === "thread") return `thread ${item.thread.first.id}`;
  return "entry" in item ? `${item.is} ${item.entry.id}` : item.is;
}

function Item({ item, view }: { item: TimelineItem; view: PullRequestView }) {
  switch (item.is) {
    case "review":
      return (
        <Entry entry={item.entry} verb={describeReview(item)} mark={markOf(item.entry)}>
          {item.threads.map((thread) => (
            <ThreadBox key={thread.first.id} thread={thread} />
          ))}
        </Entry>
      );
    case "thread":
      return (
        <li class="pr-event">
          <ThreadBox thread={item.thread} />
        </li>
      );
    case "comment":
      return <Entry entry={item.entry} verb="commented" mark="neutral" />;
    default:
      return (
        <li class={`pr-event ${item.is === "opened" ? "good" : item.is === "merged" ? "accent" : "bad"}`}>
          <div class="pr-event-head">
            <Author login={item.author} isKnown={item.is !== "closed"} />
            <span>{item.author === null && item.is === "closed" ? "Closed" : item.is}</span>
            <Moment at={item.at} />
          </div>
          {item.body !== null && <HostileText text={item.body} />}
          <Provenance provenance={view.provenance} />
        </li>
      );
  }
}

interface EntryProps {
  entry: TimelineEntry;
  verb: ComponentChildren;
  mark: Tone;
  children?: ComponentChildren;
}

function Entry({ entry, verb, mark, children }: EntryProps) {
  return (
    <li class={`pr-event ${mark} ${entry.deleted_at === null ? "" : "deleted"}`}>
      <EntryHead entry={entry} verb={verb} />
      <EntryBody entry={entry} />
      {children}
    </li>
  );
}

function EntryHead({ entry, verb }: { entry: TimelineEntry; verb: ComponentChildren }) {
  return (
    <div class="pr-event-head">
      <Author login={entry.author} />
      <span>{verb}</span>
      <Moment at={entry.at} />
      {entry.deleted_at !== null && (
        <>
          <Badge tone="bad">deleted</Badge>
          <Moment at={entry.deleted_at} />
        </>
      )}
      <span class="pr-event-links">{entry.deleted_at === null && <GitHubLink url={entry.url} />}</span>
    </div>
  );
}

function EntryBody({ entry }: { entry: TimelineEntry }) {
  return (
    <>
      {entry.body !== null && entry.body !== "" && <HostileText text={entry.body} />}
      <Provenance provenance={entry.provenance} />
    </>
  );
}

/** Null: a deleted account. */
function Author({ login, isKnown = true }: { login: string | null; isKnown?: boolean }) {
  if (login !== null)
    return (
      <strong>
        <bdi>{login}</bdi>
      </strong>
    );
  return isKnown ? <em class="muted">deleted account</em> : null;
}

const reviewVerbs: Record<string, { text: string; tone: Tone }> = {
  APPROVED: { text: "approved", tone: "good" },
  CHANGES_REQUESTED: { text: "requested changes", tone: "bad" },
  DISMISSED: { text: "reviewed; the review was dismissed", tone: "neutral" },
  COMMENTED: { text: "reviewed", tone: "neutral" },
};

/** A reply makes a review without text. The reply itself shows in its thread. */
function describeReview({ entry: { state, body }, threads, repliesIn }: ReviewItem): string {
  if (state === "COMMENTED" && !body && threads.length === 0 && repliesIn > 0)
    return `replied in ${formatCount(repliesIn, "thread")}`;
  return reviewVerbs[state ?? ""]?.text ?? `reviewed (${state?.toLowerCase() ?? "state unknown"})`;
}

function markOf({ state }: TimelineEntry): Tone {
  return reviewVerbs[state ?? ""]?.tone ?? "neutral";
}

function ThreadBox({ thread: { first, replies } }: { thread: Thread }) {
  const place = `${first.path ?? "unknown file"}${first.line === null ? "" : `:${first.line}`}`;
  return (
    <div class="pr-thread" role="group" aria-label={`Thread on ${place}`}>
      <div class="pr-thread-head">
        <bdi class="path">{place}</bdi>
        {first.resolved !== null && (
          <Badge tone={first.resolved ? "good" : "neutral"}>
            {first.resolved ? "resolved" : "unresolved"}
          </Badge>
        )}
      </div>
      <ol>
        {[first, ...replies].map((entry) => (
          <li key={entry.id} class={entry.deleted_at === null ? "" : "deleted"}>
            <EntryHead entry={entry} verb={entry.in_reply_to_id === null ? "commented" : "replied"} />
            <EntryBody entry={entry} />
          </li>
        ))}
      </ol>
    </div>
  );
}
