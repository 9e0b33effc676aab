import type { Overview } from "../../../api/console-contract.ts";
import { Empty } from "../../components/page.tsx";

/** The steps to take before a repository is captured. */
export function FirstUse({ overview: { app, installations } }: { overview: Overview }) {
  return (
    <div class="section">
      <Empty title="No repository is captured yet.">
        {installations === 0 ? (
          <ol class="steps">
            <li>
              {app ? (
                <>
                  <a class="button primary" href={app.install_url}>
                    Install {app.name} on GitHub
                  </a>{" "}
                  and select the repositories.
                </>
              ) : (
                <>
                  Open your App on GitHub, choose <em>Install App</em>, and select the repositories.
                </>
              )}
            </li>
            <li>
              GitHub sends a webhook about the installation. On your own machine it needs a{" "}
              <code>WEBHOOK_PROXY_URL</code>.
            </li>
            <li>
              The last 90 days of each repository (<code>BACKFILL_DAYS</code>) are captured first, and this
              page follows them.
            </li>
          </ol>
        ) : (
          <p>The App is installed, but on no repository. Select repositories in its settings on GitHub.</p>
        )}
      </Empty>
    </div>
  );
}
