import type { Overview } from "../../api/console-contract.ts";
import { api } from "../api.ts";
import { Loaded, Page } from "../components/page.tsx";
import { route, setQuery } from "../router.ts";
import { useResource } from "../use-resource.ts";
import { ActivityCharts } from "./overview/activity-charts.tsx";
import { Budgets } from "./overview/budgets.tsx";
import { Coverage } from "./overview/coverage.tsx";
import { FirstUse } from "./overview/first-use.tsx";
import { Reconcilers } from "./overview/reconcilers.tsx";
import { StatusCard } from "./overview/status-card.tsx";

const ranges = [
  { hours: 6, label: "6 hours" },
  { hours: 24, label: "24 hours" },
  { hours: 72, label: "3 days" },
  { hours: 168, label: "7 days" },
];
const usualHours = 24;

/** Shows whether the copy is in sync, what runs, and what failed. */
export function OverviewView() {
  const requested = Number(route.value.query.get("hours"));
  const hours = ranges.some((range) => range.hours === requested) ? requested : usualHours;
  const overview = useResource(`overview ${hours}`, (signal) => api.getOverview(hours, signal), {
    isLive: true,
    everyMs: 60_000,
  });
  return (
    <Page
      title="Overview"
      lead={overview.data && <Where overview={overview.data} />}
      actions={<RangeSelect hours={hours} />}
    >
      <Loaded resource={overview}>
        {(data) => (
          <>
            <StatusCard overview={data} />
            {data.repositories === 0 && <FirstUse overview={data} />}
            <ActivityCharts overview={data} />
            <div class="columns">
              {data.repositories > 0 && <Coverage overview={data} />}
              <div>
                <Budgets overview={data} />
                <Reconcilers overview={data} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Where({ overview: { database, inngest } }: { overview: Overview }) {
  return (
    <>
      Rows go to {database}. Captures run on {inngest.is}.
      {inngest.dashboard !== null && (
        <>
          {" "}
          <a href={inngest.dashboard} rel="noreferrer">
            Open Inngest
          </a>
        </>
      )}
    </>
  );
}

function RangeSelect({ hours }: { hours: number }) {
  return (
    <select
      class="select"
      aria-label="Time range"
      value={hours}
      onChange={(event) => {
        const chosen = Number(event.currentTarget.value);
        setQuery({ hours: chosen === usualHours ? null : chosen });
      }}
    >
      {ranges.map((range) => (
        <option key={range.hours} value={range.hours}>
          Last {range.label}
        </option>
      ))}
    </select>
  );
}
