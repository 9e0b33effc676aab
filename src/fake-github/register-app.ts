/**
 * Registering an App from a manifest: a page posts the manifest to GitHub, GitHub redirects back with a code, and the code is converted to the
 * App's credentials. https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 */
import { generateKeyPairSync } from "node:crypto";
import type { Account, GitHubApp, PendingApp } from "./state.ts";
import { currentTimestamp, newSha, nextId, toClientId } from "./world.ts";
import type { World } from "./world.ts";

/** The parameters that the fake GitHub reads. `url` is required. */
export interface AppManifest {
  name?: string;
  url: string;
  redirect_url?: string;
  setup_url?: string;
  hook_attributes?: { url: string };
  default_permissions?: Record<string, "read" | "write">;
  default_events?: string[];
}

/** All steps have to be completed within an hour. */
const codeLifetimeMs = 3_600_000;

/** GitHub's limit of an App's name. */
const maxNameLength = 34;

/** Registers the App in place of the one before. Returns the code for its credentials, or why GitHub refuses the name. */
export function registerApp(
  world: World,
  owner: Account,
  manifest: AppManifest,
  name: string,
): { code: string } | { refusal: string } {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  if (name === "") return { refusal: "Name can't be blank" };
  if (name.length > maxNameLength)
    return { refusal: `Name is too long (maximum is ${maxNameLength} characters)` };
  if (slug === world.app.slug || world.state.logins.has(slug)) return { refusal: "Name is already taken" };
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const id = nextId(world, "app");
  Object.assign(world.app, {
    id,
    slug,
    name,
    owner,
    clientId: toClientId(id),
    createdAt: currentTimestamp(world),
    publicKey,
    webhookSecret: newSha(world),
    hook: { url: manifest.hook_attributes?.url ?? "", hasSecret: true, insecureSsl: false },
    setupUrl: manifest.setup_url ?? null,
    permissions: manifest.default_permissions ?? {},
    events: manifest.default_events ?? [],
  } satisfies GitHubApp);
  const code = newSha(world);
  world.manifestCodes.set(code, {
    app: { ...world.app },
    pem: privateKey,
    clientSecret: newSha(world),
    registeredAt: world.now(),
  });
  return { code };
}

/** Returns the credentials of a code within the hour. It works once, which GitHub does not document: the stricter reading. */
export function takeRegistered({ manifestCodes, now }: World, code: string): PendingApp | null {
  const registered = manifestCodes.get(code);
  manifestCodes.delete(code);
  if (!registered || now().getTime() - registered.registeredAt.getTime() > codeLifetimeMs) return null;
  return registered;
}
