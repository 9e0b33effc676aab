import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

const definition = join(import.meta.dirname, "../../app.yml");

/** GitHub's limit of an App's name. */
const maxNameLength = 34;

export interface ManifestOptions {
  /** The login of an organization. Null: the account that is signed in to GitHub. */
  organization: string | null;
  hookUrl: string;
  /** Where GitHub sends the browser after the registration. */
  returnUrl: string;
  /** Where GitHub sends people after they install the App. */
  setupUrl: string;
}

/**
 * Creates the manifest of an App from app.yml.
 * https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest#github-app-manifest-parameters
 */
export async function createManifest({
  organization,
  hookUrl,
  returnUrl,
  setupUrl,
}: ManifestOptions): Promise<Record<string, unknown>> {
  const app = parse(await readFile(definition, "utf8")) as { name: string };
  // Names are unique on all of GitHub. Its page lets people change this one.
  const name = `${app.name}-${organization ?? randomBytes(2).toString("hex")}`;
  return {
    ...app,
    name: name.slice(0, maxNameLength).replace(/-+$/, ""),
    hook_attributes: { url: hookUrl, active: true },
    redirect_url: returnUrl,
    setup_url: setupUrl,
  };
}
