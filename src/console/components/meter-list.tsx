import type { ComponentChildren } from "preact";
import { Bar, type BarProps } from "./bar.tsx";

export interface Meter extends BarProps {
  key: string;
  /** The name, at the start of the line. Screen readers read the bar's label instead. */
  name: ComponentChildren;
  /** The figures, at the end of the line. */
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
