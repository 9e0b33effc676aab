/**
 * GitHub's pages for registering an App from a manifest and for installing it, as far as a browser needs them. The texts and the addresses of
 * the inner forms are the fake GitHub's own.
 */
import { fullName, type Account, type Repository } from "../state.ts";
import { toAppPath } from "../json/app.ts";
import { install } from "../mutations/installations.ts";
import { registerApp, type AppManifest } from "../register-app.ts";
import type { World } from "../world.ts";
import { installPage, messagePage, registerPage } from "./html.ts";

/** Returns null when the address is not a page's. */
export async function answerPage(world: World, request: Request): Promise<Response | null> {
  const { pathname, searchParams } = new URL(request.url);
  const settings = /^(?:\/organizations\/([^/]+))?\/settings\/apps(\/new)?$/.exec(pathname);
  const appPath = toAppPath(world, world.app.slug);
  if (settings) {
    const owner = ownerOf(world, settings[1]);
    if (!world.visitor) return messagePage(200, "Sign in to GitHub");
    if (!owner) return messagePage(404, "Not Found");
    const form = request.method === "POST" ? await readForm(request) : new URLSearchParams();
    if (settings[2]) return askForName(owner, pathname, searchParams.get("state") ?? "", form);
    return register(world, owner, pathname, form);
  }
  if (pathname === `${appPath}/installations/new`)
    return installPage(world.app.name, `${appPath}/installations`, repositoriesOf(world));
  if (pathname === `${appPath}/installations` && request.method === "POST")
    return installApp(world, await readForm(request));
  return null;
}

/** The owner of a new App: an organization of the visitor, or the visitor. */
function ownerOf({ state, visitor }: World, organization: string | undefined): Account | null {
  if (organization === undefined) return visitor;
  const account = state.logins.get(decodeURIComponent(organization).toLowerCase());
  return account && visitor && account.members.has(visitor) ? account : null;
}

async function readForm(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await request.text());
}

function askForName(owner: Account, path: string, state: string, form: URLSearchParams): Promise<Response> {
  const text = form.get("manifest") ?? "";
  const manifest = parseManifest(text);
  if (!manifest) return messagePage(422, "The manifest is invalid: it needs a url.");
  return registerPage({
    owner: owner.login,
    action: path.replace(/\/new$/, ""),
    name: manifest.name ?? "",
    manifest: text,
    state,
    refusal: null,
  });
}

async function register(
  world: World,
  owner: Account,
  path: string,
  form: URLSearchParams,
): Promise<Response> {
  const text = form.get("manifest") ?? "";
  const manifest = parseManifest(text);
  const state = form.get("state") ?? "";
  const name = form.get("name")?.trim() ?? "";
  if (!manifest) return messagePage(422, "The manifest is invalid: it needs a url.");
  const registered = registerApp(world, owner, manifest, name);
  if ("refusal" in registered) {
    const { refusal } = registered;
    return registerPage({ owner: owner.login, action: path, name, manifest: text, state, refusal });
  }
  const target = new URL(manifest.redirect_url ?? manifest.url);
  target.searchParams.set("code", registered.code);
  if (state !== "") target.searchParams.set("state", state);
  return redirect(target);
}

function parseManifest(text: string): AppManifest | null {
  try {
    const manifest: Partial<AppManifest> = JSON.parse(text);
    return typeof manifest.url === "string" && URL.canParse(manifest.url)
      ? { ...manifest, url: manifest.url }
      : null;
  } catch {
    return null;
  }
}

function repositoriesOf({ state, app }: World): Repository[] {
  return [...state.repositories.values()].filter(({ owner, deleted }) => owner === app.owner && !deleted);
}

/** Installs the App, which sends `installation.created`. https://docs.github.com/apps/creating-github-apps/registering-a-github-app/about-the-setup-url */
async function installApp(world: World, form: URLSearchParams): Promise<Response> {
  const { owner, setupUrl } = world.app;
  if (!owner) return messagePage(404, "Not Found");
  const names = form.getAll("repository");
  const chosen = repositoriesOf(world).filter((repository) => names.includes(fullName(repository)));
  const installation = install(world, {
    account: owner,
    ...(form.get("selection") === "selected" && { repositories: chosen }),
    by: world.visitor ?? owner,
  });
  if (setupUrl === null) return messagePage(200, `Installed ${world.app.name}`);
  const target = new URL(setupUrl);
  target.searchParams.set("installation_id", String(installation.id));
  target.searchParams.set("setup_action", "install");
  return redirect(target);
}

function redirect(target: URL): Response {
  return new Response(null, { status: 302, headers: { location: target.href } });
}
