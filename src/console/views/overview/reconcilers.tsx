import type { Overview } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Section } from "../../components/page.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { notify } from "../../notices.ts";

/** When each search for lost changes last succeeded. */
export function Reconcilers({ overview: { reconcilers } }: { overview: Overview }) {
  return (
    <Section
      title="Reconcilers"
      actions={
        <Button
          onClick={async () => {
            await api.startReconcilers();
            notify("The reconcilers have started.");
          }}
        >
          Run now
        </Button>
      }
    >
      <Table
        caption="Reconcilers"
        rows={reconcilers}
        keyOf={({ name }) => name}
        columns={[
          { header: "Name", cell: ({ name }) => name.replace(/^capture\//, "") },
          { header: "Last success", cell: ({ succeeded_at }) => <Time at={succeeded_at} /> },
          {
            header: "State",
            cell: ({ is_late, succeeded_at }) =>
              is_late ? (
                <Badge tone="warn">late</Badge>
              ) : (
                <Badge tone={succeeded_at === null ? "neutral" : "good"}>
                  {succeeded_at === null ? "not yet due" : "on time"}
                </Badge>
              ),
          },
        ]}
      />
    </Section>
  );
}
