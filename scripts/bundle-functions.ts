import { readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const sources = join(root, "netlify/functions");

/** Where netlify.toml looks for functions. */
export const functionsFolder = join(root, "dist/netlify");

export interface Bundle {
  /** The size of the file that a start loads. */
  bytes: number;
  /** The paths of the source files in it. */
  modules: string[];
}

export interface FunctionBundle extends Bundle {
  name: string;
}

/**
 * Bundles each of Netlify's functions with its dependencies. In the folder, a function is a folder with `<name>.mjs`, which Netlify's bundler reads,
 * and `bundle.mjs` with its `chunks/`, which it only packs.
 */
export async function bundleFunctions(folder: string): Promise<FunctionBundle[]> {
  await rm(folder, { recursive: true, force: true }); // Netlify would deploy a function whose source is gone
  const files = (await readdir(sources)).filter((file) => file.endsWith(".ts"));
  return Promise.all(files.map((file) => bundleFunction(join(sources, file), folder)));
}

async function bundleFunction(source: string, folder: string): Promise<FunctionBundle> {
  const name = basename(source, ".ts");
  const bundle = await bundleModule(source, join(folder, name, "bundle.mjs"));
  const { config = {} } = (await import(/* @vite-ignore */ pathToFileURL(source).href)) as {
    config?: object;
  };
  // Netlify reads this object without running the file. https://docs.netlify.com/build/functions/optional-configuration/
  const packed = { ...config, nodeBundler: "none", includedFiles: ["bundle.mjs", "chunks/*.mjs"] };
  await writeFile(
    join(folder, name, `${name}.mjs`),
    `export { default } from "./bundle.mjs";\nexport const config = ${JSON.stringify(packed)};\n`,
  );
  return { name, ...bundle };
}

/**
 * Bundles a module with its dependencies into one file, which loads faster than a folder of modules. What it imports dynamically is in `chunks/` beside
 * the file, and only loaded when it is used.
 */
export async function bundleModule(source: string, file: string): Promise<Bundle> {
  const bundle = await rolldown({
    input: source,
    platform: "node",
    external: ["pg-native"], // optional, and not installed
    checks: { eval: false }, // Probot's Octokit contains one, for Redis
  });
  const { output } = await bundle.write({
    dir: dirname(file),
    entryFileNames: basename(file),
    chunkFileNames: "chunks/[name]-[hash].mjs",
    comments: false,
  });
  await bundle.close();
  return {
    bytes: Buffer.byteLength(output[0].code),
    modules: output.flatMap((chunk) => ("modules" in chunk ? Object.keys(chunk.modules) : [])),
  };
}
