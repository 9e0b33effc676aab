import { Button } from "./components/button.tsx";
import { NoticeList } from "./components/notice-list.tsx";
import { ThemeSelect } from "./components/theme-select.tsx";
import { connection } from "./live.ts";
import { hrefOf, route } from "./router.ts";
import { signOut, token } from "./session.ts";
import { JobsView } from "./views/jobs.tsx";
import { OverviewView } from "./views/overview.tsx";
import { PullRequestsView } from "./views/pull-request.tsx";
import { RepositoriesView } from "./views/repositories.tsx";
import { SignIn } from "./views/sign-in.tsx";
import { SqlView } from "./views/sql.tsx";

/** The views by the first segment of their address. */
const views = [
  { path: "", title: "Overview", View: OverviewView },
  { path: "repositories", title: "Repositories", View: RepositoriesView },
  { path: "jobs", title: "Jobs", View: JobsView },
  { path: "pull-request", title: "Pull requests", View: PullRequestsView },
  { path: "sql", title: "SQL", View: SqlView },
];

export function App() {
  const isSignedIn = token.value !== null;
  const { view } = route.value;
  const { View } = views.find(({ path }) => path === view) ?? { View: OverviewView };
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf([])}>
          pr-capture
        </a>
        {isSignedIn && (
          <nav aria-label="Views">
            {views.map(({ path, title }) => (
              <a
                key={path}
                ref={path === view ? reveal : null}
                href={hrefOf([path])}
                aria-current={path === view ? "page" : undefined}
              >
                {title}
              </a>
            ))}
          </nav>
        )}
        <div class="tools">
          {isSignedIn && <Connection />}
          <ThemeSelect />
          {isSignedIn && (
            <Button kind="quiet" onClick={() => signOut()}>
              Sign out
            </Button>
          )}
        </div>
      </header>
      {isSignedIn && connection.value === "offline" && (
        <p class="offline-banner" role="alert">
          The server does not answer. The page shows the last known state and tries again by itself.
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {isSignedIn ? <View /> : <SignIn />}
      </main>
      <NoticeList />
    </>
  );
}

/** On a narrow screen the links scroll sideways. */
function reveal(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** The fragment is the route, so the link moves the focus instead. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const connectionTexts = { connecting: "Connecting", live: "Live", polling: "Polling", offline: "Offline" };

function Connection() {
  const text = connectionTexts[connection.value];
  return (
    <span class={`connection ${connection.value}`} title={text}>
      <span class="connection-text">{text}</span>
    </span>
  );
}
