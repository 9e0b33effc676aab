import type { Overview } from "../../../api/console-contract.ts";
import { formatNumber } from "../../format.ts";
import { latestCounts } from "../../live.ts";
import { hrefOf } from "../../router.ts";

const tones = { in_sync: "good", working: "accent", unknown: "warn", attention: "bad" } as const;

/** The status in one sentence, links to everything else that is wrong, and the main figures. */
export function StatusCard({ overview }: { overview: Overview }) {
  const { status, sentence, findings, repositories, installations, now } = overview;
  const counts = latestCounts.value;
  const jobs = counts && counts.at > now ? counts.stats : overview.jobs;
  const worst = findings.find(({ text }) => text === sentence);
  const others = findings.filter((finding) => finding !== worst);
  return (
    <section class="status" aria-label="Status">
      <p class={`status-sentence dot ${tones[status]}`} role="status">
        <Linked text={sentence} view={worst?.view ?? null} />
      </p>
      {others.length > 0 && (
        <ul class="findings">
          {others.map(({ text, view }) => (
            <li key={text}>
              <Linked text={text} view={view} />
            </li>
          ))}
        </ul>
      )}
      <dl class="figures">
        <Figure name="Installations" value={installations} />
        <Figure name="Repositories" value={repositories} href={hrefOf(["repositories"])} />
        <Figure name="Pending" value={jobs.pending} href={hrefOf(["jobs"], { state: "pending" })} />
        <Figure name="Processing" value={jobs.processing} href={hrefOf(["jobs"], { state: "processing" })} />
        <Figure name="Retrying" value={jobs.retrying} href={hrefOf(["jobs"], { state: "retrying" })} />
        <Figure name="Failed" value={jobs.failed} href={hrefOf(["jobs"], { state: "failed" })} />
        <Figure name="Completed" value={jobs.completed} href={hrefOf(["jobs"], { state: "completed" })} />
      </dl>
    </section>
  );
}

function Linked({ text, view }: { text: string; view: string | null }) {
  return view === null ? <span>{text}</span> : <a href={`#/${view}`}>{text}</a>;
}

function Figure({ name, value, href }: { name: string; value: number; href?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{href ? <a href={href}>{formatNumber(value)}</a> : formatNumber(value)}</dd>
    </div>
  );
}
