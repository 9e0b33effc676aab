import { findChromium } from "../../src/testing/find-chromium.ts";
import { launchChromium } from "../../src/testing/launch-chromium.ts";
import { percentile } from "../../src/testing/percentile.ts";

export interface Paint {
  view: string;
  /** The time from the request of the page to the first text on the screen. */
  firstPaintMs: number;
  /** The time from the request of the page to the view's data. */
  dataMs: number;
}

/** What shows a view's data, by the view's address. */
const views = {
  "": ".figures",
  repositories: "tbody tr, .repository",
  jobs: "[role=row], tbody tr",
  "pull-request": "main a[href*='pull-request/']",
} as const;

const rounds = 5;

/** Opens views in Chromium with an empty cache, and takes the median of five times. Null: there is no Chromium. */
export async function measureFirstPaints(url: string, token: string): Promise<Paint[] | null> {
  if (findChromium() === null) return null;
  const browser = await launchChromium();
  const paints: Paint[] = [];
  try {
    for (const [view, data] of Object.entries(views)) {
      const times = { firstPaint: [] as number[], data: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        const context = await browser.newContext();
        await context.addInitScript(`sessionStorage.setItem("pr-capture token", ${JSON.stringify(token)})`);
        const page = await context.newPage();
        await page.goto(`${url}/#/${view}`);
        await page.locator(data).first().waitFor();
        times.data.push(await page.evaluate<number>("performance.now()"));
        times.firstPaint.push(
          await page.evaluate<number>(
            `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN`,
          ),
        );
        await context.close();
      }
      paints.push({
        view: view || "overview",
        firstPaintMs: percentile(times.firstPaint, 0.5),
        dataMs: percentile(times.data, 0.5),
      });
    }
  } finally {
    await browser.close();
  }
  return paints;
}
