import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";

const shortLength = 1_200;
const shortLines = 16;

/** Text of GitHub's users with its line breaks, never as markup. A long text is cut until the reader expands it. */
export function HostileText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const short = text.split("\n", shortLines).join("\n").slice(0, shortLength);
  const isLong = short.length < text.length;
  return (
    <div class="text">
      <p dir="auto">{isLong && !isWhole ? `${short}…` : text}</p>
      {isLong && (
        <button type="button" class="link" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all ${formatNumber(text.length)} characters`}
        </button>
      )}
    </div>
  );
}
