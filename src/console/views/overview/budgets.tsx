import type { Overview } from "../../../api/console-contract.ts";
import { MeterList } from "../../components/meter-list.tsx";
import { Section } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";

type Budget = Overview["budgets"][number];

const resourceNames = { core: "REST", graphql: "GraphQL" };
/** The server pauses backfills below its BUDGET_RESERVE, a quarter by default. */
const lowShare = 0.25;

/** What is left of GitHub's rate limits. */
export function Budgets({ overview: { budgets } }: { overview: Overview }) {
  const meters = budgets.map((budget) => {
    const { installation_id, resource, remaining, limit, reset_at } = budget;
    return {
      key: `${installation_id} ${resource}`,
      name: (
        <>
          {nameOf(budget)} <span class="muted">{resourceNames[resource]}</span>
        </>
      ),
      label: `${nameOf(budget)}, ${resourceNames[resource]}`,
      value: remaining,
      max: limit,
      tone: remaining < limit * lowShare ? ("warn" as const) : ("accent" as const),
      figures: (
        <>
          <span>
            {formatNumber(remaining)} <span class="muted">of {formatNumber(limit)}</span>
          </span>
          <span class="muted">
            resets <Time at={reset_at} />
          </span>
        </>
      ),
    };
  });
  return (
    <Section title="GitHub budget" note="requests or points left">
      {meters.length === 0 ? (
        <p class="muted">GitHub reports it with its answers. This server has asked nothing yet.</p>
      ) : (
        <MeterList meters={meters} />
      )}
    </Section>
  );
}

function nameOf({ account, installation_id }: Budget): string {
  return account ?? (installation_id === null ? "GITHUB_TOKEN" : `installation ${installation_id}`);
}
