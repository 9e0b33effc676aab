import { api } from "../api.ts";
import { NoticeList } from "../components/notice-list.tsx";
import { Page } from "../components/page.tsx";
import { ThemeSelect } from "../components/theme-select.tsx";
import { token } from "../session.ts";
import { useResource } from "../use-resource.ts";
import { EnterCode } from "./enter-code.tsx";
import { FinishRegistration } from "./finish-registration.tsx";
import { githubReturn, registeredApp } from "./github-return.ts";
import { RegisterForm } from "./register-form.tsx";
import { Registered } from "./registered.tsx";

/** The page of a server without a GitHub App: enter the code, register the App on GitHub, come back, install it. */
export function SetupPage() {
  return (
    <>
      <header class="top">
        <span class="brand">pr-capture</span>
        <div class="tools">
          <ThemeSelect />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <div class="setup">
          <Step />
        </div>
      </main>
      <NoticeList />
    </>
  );
}

const healthPollMs = 5_000;

function Step() {
  const health = useResource("health", api.getHealth, { everyMs: healthPollMs });
  if (registeredApp.value) return <Registered app={registeredApp.value} />;
  const status = health.data?.status;
  if (status !== undefined && status !== "setup") return <SetUpAlready />;
  if (token.value === null) return <EnterCode />;
  return githubReturn.value ? <FinishRegistration back={githubReturn.value} /> : <RegisterForm />;
}

/** Shows that the server has an App already, for example in a tab that was left open. */
function SetUpAlready() {
  return (
    <Page title="This server has its GitHub App">
      <p>
        <a class="button primary" href="/">
          Open the console
        </a>
      </p>
    </Page>
  );
}
