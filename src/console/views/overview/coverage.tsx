import type { Overview } from "../../../api/console-contract.ts";
import { MeterList } from "../../components/meter-list.tsx";
import { Section } from "../../components/page.tsx";
import { formatCount, formatNumber, formatPercent } from "../../format.ts";
import { hrefOf } from "../../router.ts";
import { kinds } from "../repositories/kinds.ts";

/** How much of what GitHub has is captured. */
export function Coverage({ overview: { coverage } }: { overview: Overview }) {
  const meters = kinds.map(({ kind, name }) => {
    const { captured, github, percent } = coverage[kind];
    const gaps = coverage.gaps[kind];
    return {
      key: kind,
      name,
      label: name,
      value: captured,
      max: github,
      tone: percent === 100 ? ("good" as const) : ("accent" as const),
      figures: (
        <>
          {gaps > 0 && <a href={hrefOf(["repositories"])}>{formatCount(gaps, "gap")}</a>}
          <span class="muted">
            {formatNumber(captured)} of {github === null ? "unknown" : formatNumber(github)}
          </span>
          {percent !== null && <span class="meter-share">{formatPercent(percent)}</span>}
        </>
      ),
    };
  });
  return (
    <Section title="Coverage" note="captured of what GitHub has">
      <MeterList meters={meters} />
    </Section>
  );
}
