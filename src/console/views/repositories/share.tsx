import type { Figures, GapKind } from "../../../api/contract.ts";
import { Bar } from "../../components/bar.tsx";
import { formatNumber } from "../../format.ts";

interface ShareProps {
  figures: Figures;
  kind: GapKind;
  /** For screen readers: the kind and the repository. */
  label: string;
}

/** The captured share of what GitHub has, as figures and a bar. The bar is full only when nothing differs. */
export function Share({ figures, kind, label }: ShareProps) {
  const { captured, github, percent } = figures[kind];
  return (
    <div class="share">
      <span class="share-figures">
        {formatNumber(captured)}{" "}
        <span class="muted">of {github === null ? "unknown" : formatNumber(github)}</span>
      </span>
      <Bar
        label={label}
        value={percent ?? 0}
        max={percent === null ? null : 100}
        tone={percent === 100 ? "good" : figures.gaps[kind] > 0 ? "warn" : "accent"}
      />
    </div>
  );
}
