import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

export interface VirtualRows {
  /** The rows to render, each with its `index`, and `start` in pixels. */
  items: { index: number; start: number }[];
  /** The height of all rows, in pixels. */
  totalHeight: number;
  /** Scrolls as little as needed. A `scroll-padding-top` is the height of a head that stays in place. */
  scrollToIndex: (index: number) => void;
}

/** The number of rows that are rendered above and below the visible ones. They keep fast scrolling from showing blank rows. */
const overscan = 10;

/**
 * Renders only the visible rows of a long list. All rows have the same height, so simple arithmetic finds them. TanStack Virtual, which measures
 * rows, would take an eighth of the page's size limit.
 */
export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VirtualRows {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [first, setFirst] = useState(0);
  const [shown, setShown] = useState(0);

  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the element can come and go with each render, and the same one changes nothing
  useLayoutEffect(() => setElement(scroller.current));
  useLayoutEffect(() => {
    if (!element) return;
    const look = () => {
      setFirst(Math.floor(element.scrollTop / rowHeight));
      setShown(Math.ceil(element.clientHeight / rowHeight) + 1);
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resized.disconnect();
    };
  }, [element, rowHeight]);

  const from = Math.max(0, Math.min(first, count - shown) - overscan);
  const to = Math.min(count, first + shown + overscan);
  return {
    items: Array.from({ length: Math.max(0, to - from) }, (_, place) => ({
      index: from + place,
      start: (from + place) * rowHeight,
    })),
    totalHeight: count * rowHeight,
    scrollToIndex: (index) => {
      if (!element) return;
      const start = index * rowHeight;
      const headHeight = Number.parseFloat(getComputedStyle(element).scrollPaddingTop) || 0;
      const lowest = headHeight + start + rowHeight - element.clientHeight;
      element.scrollTop = Math.min(start, Math.max(lowest, element.scrollTop));
    },
  };
}
