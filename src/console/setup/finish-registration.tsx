import { useEffect, useState } from "preact/hooks";
import type { FinishRequest } from "../../api/setup-contract.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { messageOf, RequestError } from "../request.ts";
import { signIn } from "../session.ts";
import { dropReturn, registeredApp } from "./github-return.ts";
import { setupApi } from "./setup-api.ts";

/** Fetches the new App's credentials. A refusal leads back to the form; without an answer, the same code can be tried again. */
export function FinishRegistration({ back }: { back: FinishRequest }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(1);

  useEffect(() => {
    setProblem(null);
    void finish(back).then(setProblem);
  }, [back, attempt]);

  if (problem === null) return <p class="loading">Fetching the App's credentials from GitHub…</p>;
  return (
    <Page title="The App is registered, its credentials are not here yet">
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="actions">
        <Button kind="primary" onClick={() => setAttempt((count) => count + 1)}>
          Try again
        </Button>
        <Button onClick={() => dropReturn(null)}>Register another App</Button>
      </div>
    </Page>
  );
}

/** Returns why the code can be tried again, or null. */
async function finish(back: FinishRequest): Promise<string | null> {
  try {
    const app = await setupApi.finish(back);
    dropReturn(null);
    registeredApp.value = app;
    signIn(app.session.token);
  } catch (error) {
    const status = error instanceof RequestError ? error.status : null;
    if (status === null || status === 503) return messageOf(error);
    if (status !== 401) dropReturn(messageOf(error)); // 401 signed out: it goes on with another code
  }
  return null;
}
