import { html } from "hono/html";
import { fullName, type Repository } from "../state.ts";

type Html = ReturnType<typeof html>;

export function messagePage(status: number, message: string): Promise<Response> {
  return toPage(status, message, html``);
}

export interface RegisterPage {
  owner: string;
  /** Where the form goes. */
  action: string;
  name: string;
  manifest: string;
  state: string;
  refusal: string | null;
}

export function registerPage({
  owner,
  action,
  name,
  manifest,
  state,
  refusal,
}: RegisterPage): Promise<Response> {
  return toPage(
    200,
    `Create GitHub App for ${owner}`,
    html`<form method="post" action="${action}">
      <p>${refusal}</p>
      <label>GitHub App name <input name="name" value="${name}" /></label>
      <input type="hidden" name="manifest" value="${manifest}" />
      <input type="hidden" name="state" value="${state}" />
      <button>Create GitHub App for ${owner}</button>
    </form>`,
  );
}

export function installPage(
  name: string,
  action: string,
  repositories: readonly Repository[],
): Promise<Response> {
  return toPage(
    200,
    `Install ${name}`,
    html`<form method="post" action="${action}">
      <label><input type="radio" name="selection" value="all" checked /> All repositories</label>
      <label><input type="radio" name="selection" value="selected" /> Only select repositories</label>
      ${repositories.map((repository) => {
        const shown = fullName(repository);
        return html`<label><input type="checkbox" name="repository" value="${shown}" /> ${shown}</label>`;
      })}
      <button>Install</button>
    </form>`,
  );
}

async function toPage(status: number, title: string, body: Html): Promise<Response> {
  const page = html`<!doctype html>
    <html lang="en">
      <title>${title}</title>
      <link rel="icon" href="data:," />
      <h1>${title}</h1>
      ${body}
    </html>`;
  return new Response(await page, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
