import { useState } from "preact/hooks";
import { api, type HealthSummary } from "../api.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { notify } from "../notices.ts";
import { messageOf } from "../request.ts";
import { signIn, signOutReason } from "../session.ts";
import { linkState } from "../sign-in-by-link.ts";
import { useResource } from "../use-resource.ts";

/** The first page: the two ways in, and whether the server is healthy. */
export function SignIn() {
  const link = linkState.value;
  if (link.is === "working") return <p class="loading">Signing in…</p>;
  return (
    <div class="narrow">
      <Page title="Sign in" lead="The console of your pr-capture server.">
        {link.is === "refused" && (
          <p class="problem" role="alert">
            {link.message} Request a new one below.
          </p>
        )}
        {link.is === "none" && signOutReason.value !== null && (
          <p class="problem" role="alert">
            {signOutReason.value}
          </p>
        )}
        <ServerHealth />
        <div class="card stack">
          <h2>With a link</h2>
          <p class="muted">
            The server writes a link to its log when it starts. It works once, and expires after 30 minutes.
          </p>
          <div class="actions">
            <Button onClick={requestLink}>Log a new link</Button>
          </div>
        </div>
        <TokenForm />
      </Page>
    </div>
  );
}

async function requestLink(): Promise<void> {
  await api.logNewLink();
  notify("The server's log has a new link. Open it in this browser.");
}

function TokenForm() {
  const [error, setError] = useState<string | null>(null);
  const submit = async (form: HTMLFormElement) => {
    const given = new FormData(form).get("token");
    const token = typeof given === "string" ? given.trim() : "";
    setError(null);
    try {
      if (token === "") setError("Paste the server's ADMIN_TOKEN.");
      else if (await api.isTokenValid(token)) signIn(token);
      else setError("This is not the server's ADMIN_TOKEN.");
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <form
      class="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <h2>
        <label htmlFor="token">With the ADMIN_TOKEN</label>
      </h2>
      <p class="muted">It stays in this tab, and is gone when you close it.</p>
      <div class="field">
        <input
          id="token"
          name="token"
          class="input"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          aria-invalid={error !== null}
          aria-describedby="token-error"
        />
        <button type="submit" class="button primary">
          Sign in
        </button>
      </div>
      <p id="token-error" class="error" role="alert">
        {error}
      </p>
    </form>
  );
}

const healthPollMs = 5_000;

function ServerHealth() {
  const { data, error } = useResource("health", api.getHealth, { everyMs: healthPollMs });
  const { tone, title, problems } = describeHealth(data, error);
  return (
    <div class="health">
      <p class={`dot ${tone}`}>{title}</p>
      {problems.length > 0 && (
        <ul class="problems">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function describeHealth(health: HealthSummary | null, error: unknown) {
  if (error !== null) return { tone: "bad", title: messageOf(error), problems: [] };
  if (health === null) return { tone: "", title: "Looking at the server…", problems: [] };
  const { status, problems = [] } = health;
  if (status === "ok") return { tone: "good", title: "The server is healthy.", problems };
  return { tone: "bad", title: "The server cannot store captures now.", problems };
}
