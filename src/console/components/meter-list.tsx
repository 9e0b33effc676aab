import type { ComponentChildren } from "preact";
import { Bar, type BarProps } from "./bar.tsx";

export interface Meter extends BarProps {
  key: string;
  /** What it is of, at the start of the line. The bar's label says it to screen readers. */
  name: ComponentChildren;
  /** Its figures, at the end of the line. */
  figures: ComponentChildren;
}

/** Bars below each other, each with its name and figures above it. */
export function MeterList({ meters }: { meters: readonly Meter[] }) {
  return (
    <ul class="meters">
      {meters.map(({ key, name, figures, ...bar }) => (
        <li key={key}>
          <div class="meter-line">
            <span>{name}</span>
            <span class="meter-figures">{figures}</span>
          </div>
          <Bar {...bar} />
        </li>
      ))}
    </ul>
  );
}
