import { bundleFunctions, functionsFolder } from "./bundle-functions.ts";

/** Builds Netlify's functions: npm run build */
await bundleFunctions(functionsFolder);
