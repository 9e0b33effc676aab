import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { notify } from "../notices.ts";
import { messageOf } from "../request.ts";
import { signIn, signOutReason } from "../session.ts";
import { linkState } from "../sign-in-by-link.ts";

/** Asks for the code in the server's log: only its readers may set up the server. */
export function EnterCode() {
  const link = linkState.value;
  const [error, setError] = useState<string | null>(null);
  if (link.is === "working") return <p class="loading">Checking the code…</p>;

  const submit = async (form: HTMLFormElement) => {
    const code = toCode(new FormData(form).get("code"));
    setError(null);
    if (code === "") return setError("Paste the code from the server's log.");
    try {
      const session = await api.exchangeCode(code);
      signIn(session.token);
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  const shown = error ?? (link.is === "refused" ? link.message : null) ?? signOutReason.value;
  return (
    <Page title="Set up pr-capture" lead="This server has no GitHub App yet. Registering one takes a minute.">
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <h2>
          <label htmlFor="code">Code from the server's log</label>
        </h2>
        <p class="muted">
          The server has written a link with a code to its log. The code works once, and expires after 30
          minutes.
        </p>
        <div class="field">
          <input
            id="code"
            name="code"
            class="input"
            autocomplete="off"
            spellcheck={false}
            aria-invalid={shown !== null}
            aria-describedby="code-error"
          />
          <button type="submit" class="button primary">
            Continue
          </button>
        </div>
        <p id="code-error" class="error" role="alert">
          {shown}
        </p>
        <div class="actions">
          <Button kind="quiet" onClick={requestCode}>
            Log a new code
          </Button>
        </div>
      </form>
    </Page>
  );
}

/** Returns the code, which may be entered alone or in its link. */
function toCode(entry: FormDataEntryValue | null): string {
  const text = typeof entry === "string" ? entry.trim() : "";
  return text.slice(text.lastIndexOf("=") + 1);
}

async function requestCode(): Promise<void> {
  await api.logNewLink();
  notify("The server's log has a new code.");
}
