import { defineConfig } from "vite";

/**
 * Builds the two pages that the server can show at `/`: the console, and the setup page of a server without a GitHub App. `npm run dev:console` serves it with a
 * server at port 3000 behind them.
 */
export default defineConfig({
  root: "src/console",
  // Without these, the page would depend on NODE_ENV where npm runs.
  define: { "process.env.NODE_ENV": '"production"' },
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  resolve: { conditions: ["module", "browser", "production"] },
  build: {
    outDir: "../../dist/console",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    rolldownOptions: { input: ["src/console/index.html", "src/console/setup.html"] },
    modulePreload: { polyfill: false }, // the polyfill is for browsers without modules
  },
  server: {
    proxy: { "/api": "http://localhost:3000", "/healthz": "http://localhost:3000" },
  },
});
