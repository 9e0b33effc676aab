import type { RegisteredAnswer } from "../../api/setup-contract.ts";
import { api } from "../api.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { notify } from "../notices.ts";
import { useResource } from "../use-resource.ts";

const pollMs = 500;

/** Where the credentials are, and the way to the installation. */
export function Registered({ app }: { app: RegisteredAnswer }) {
  const { data, error } = useResource("started", api.getHealth, { everyMs: pollMs });
  const isRunning = error === null && (data?.status === "ok" || data?.status === "down");
  return (
    <Page title={`${app.name} is registered`}>
      {app.variables === null ? (
        <p>
          Its credentials are in <code>{app.env_file}</code>, which only the server's user can read, with an{" "}
          <code>ADMIN_TOKEN</code> for the CLI unless you had set one.
        </p>
      ) : (
        <Variables lines={app.variables} />
      )}
      {error !== null && (
        <p class="problem" role="alert">
          The server does not answer. If it does not come back, its log says why.
        </p>
      )}
      <div class="actions next">
        {isRunning ? (
          <>
            <a class="button primary" href={app.install_url}>
              Install it on GitHub
            </a>
            <a class="button" href="/">
              Open the console
            </a>
          </>
        ) : (
          <span class="loading" role="status">
            The server is starting…
          </span>
        )}
      </div>
      {isRunning && (
        <p class="muted">
          Choose the repositories there. GitHub then leads to the console, which shows them as they arrive.
        </p>
      )}
    </Page>
  );
}

function Variables({ lines }: { lines: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(lines);
    notify("The variables are in the clipboard.", "good");
  };
  return (
    <section class="card stack" aria-labelledby="variables">
      <h2 id="variables">Set these variables before you go on</h2>
      <p class="muted">
        This server cannot write its <code>.env</code>. It runs with them until it is restarted, and shows
        them only here: GitHub does not hand out the private key again.
      </p>
      <textarea class="input variables" readOnly rows={6} aria-label="Variables" value={lines} />
      {"clipboard" in navigator && (
        <div class="actions">
          <Button onClick={copy}>Copy</Button>
        </div>
      )}
    </section>
  );
}
