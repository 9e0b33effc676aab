import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchChromium } from "../../../src/testing/launch-chromium.ts";
import { expectAccessible } from "./expect-accessible.ts";
import { adminToken, useScene, type Scene, type SceneOptions } from "../../support/scene.ts";

export interface OpenOptions {
  /** False: the first visit, without a token. */
  signedIn?: boolean;
  theme?: "light" | "dark";
  width?: number;
  height?: number;
}

export interface Console {
  /** The app, the database and the fake GitHub behind the page. */
  readonly scene: Scene;
  /** The page of the last `open`. */
  readonly page: Page;
  /** Opens a view such as `jobs?state=failed` in a new tab of a new profile, signed in with ADMIN_TOKEN. */
  open: (view?: string, options?: OpenOptions) => Promise<Page>;
  /** Signs in with ADMIN_TOKEN on the page. */
  signIn: () => Promise<void>;
  /** The paths of the requests since the last `open`. */
  requests: () => string[];
  /** Runs axe-core on the page. */
  expectAccessible: () => Promise<void>;
  /** Allows a problem that the test causes on purpose, such as a refused request that the browser logs. */
  allow: (problem: RegExp) => void;
}

/**
 * A real Chromium on the page of a scene's server. Each test has another server and another browser profile. A test fails if the page logs an
 * error, throws one, or sends a request to another host.
 */
export function useConsole(options: SceneOptions = {}): Console {
  let browser: Browser;
  let context: BrowserContext | null = null;
  let problems: string[] = [];
  let allowed: RegExp[] = [];
  let requests: string[] = [];

  // A failed hook skips those after it, so this one runs last, when everything is closed.
  afterEach(() => {
    const unexpected = problems.filter((problem) => !allowed.some((each) => each.test(problem)));
    problems = [];
    allowed = [];
    expect(unexpected).toEqual([]);
  });

  const scene = useScene({ installation: "delivered", ...options });
  const self = { scene } as { -readonly [Name in keyof Console]: Console[Name] };

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await context?.close();
    context = null;
  });

  function watch(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        problems.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => problems.push(error.stack ?? error.message));
    page.on("request", (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin === scene.app.url) requests.push(pathname);
      else if (request.url() !== "about:blank") problems.push(`request to ${request.url()}`);
    });
  }

  return Object.assign(self, {
    open: async (
      view = "",
      { signedIn = true, theme = "light", width = 1280, height = 800 }: OpenOptions = {},
    ) => {
      await context?.close();
      requests = [];
      context = await browser.newContext({
        colorScheme: theme,
        viewport: { width, height },
        locale: "en-US",
        timezoneId: "Europe/Berlin",
      });
      if (signedIn) {
        const sessionOf = (token: string) => sessionStorage.setItem("pr-capture token", token);
        await context.addInitScript(sessionOf, adminToken);
      }
      self.page = await context.newPage();
      self.page.setDefaultTimeout(30_000);
      watch(self.page);
      await self.page.goto(`${scene.app.url}/${view && `#/${view}`}`);
      return self.page;
    },
    signIn: async () => {
      await self.page.getByLabel("With the ADMIN_TOKEN").fill(adminToken);
      await self.page.keyboard.press("Enter");
    },
    requests: () => [...requests],
    expectAccessible: () => expectAccessible(self.page),
    allow: (problem: RegExp) => void allowed.push(problem),
  });
}
