/**
 * Builds the console. npm runs it after `npm ci` and `npm install`, so that `npm start` shows the page. Without the development dependencies
 * there is nothing to build with. JavaScript, because an older Node may run it when Node 24 is not installed with them.
 */
const vite = await import("vite").catch((error) => {
  if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return null;
  throw error;
});

if (vite) await vite.build({ logLevel: "warn" });
else
  console.log(
    "The console is not built, because Vite is not installed. To have it, run: npm ci --include=dev",
  );
