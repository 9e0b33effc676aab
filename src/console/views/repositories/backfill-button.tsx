import { useRef, useState } from "preact/hooks";
import type { BackfillAnswer } from "../../../api/contract.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { formatCount, formatNumber } from "../../format.ts";
import { notify } from "../../notices.ts";
import { messageOf } from "../../request.ts";

interface BackfillButtonProps {
  /** Null: the dialog asks for one. */
  repository: string | null;
  /** GitHub's count of its pull requests; null: unknown. */
  pullRequests?: number | null;
  onQueued: (answer: BackfillAnswer, repository: string) => void;
}

/** The requests of a sync of 1,000 pull requests, as `npm run bench:backfill` measures them. */
const requestsPerThousand = 80;

/** Asks how far back to go, says what it costs, and starts a backfill. */
export function BackfillButton({ repository, pullRequests = null, onQueued }: BackfillButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [span, setSpan] = useState<"days" | "all">("days");
  const [error, setError] = useState<string | null>(null);
  const isBusy = useRef(false);
  const title = repository === null ? "Backfill a repository" : `Backfill ${repository}`;

  const submit = async (form: HTMLFormElement) => {
    const given = new FormData(form);
    const name = repository ?? textOf(given, "repository");
    if (isBusy.current) return;
    isBusy.current = true;
    setError(null);
    try {
      const answer = await api.queueBackfill({
        repository: name,
        ...(span === "all" ? { all: true } : { days: Number(textOf(given, "days")) }),
      });
      dialog.current?.close();
      notify(
        answer.queued === 0
          ? `A sync of ${name} that goes back as far is under way already.`
          : `The backfill of ${name} has started.`,
      );
      onQueued(answer, name);
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      isBusy.current = false;
    }
  };

  return (
    <>
      <Button onClick={() => dialog.current?.showModal()}>
        {repository === null ? "Backfill a repository" : "Backfill"}
      </Button>
      <dialog ref={dialog} class="dialog" aria-label={title}>
        <h2>{title}</h2>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget);
          }}
        >
          {repository === null && <RepositoryField />}
          <fieldset class="spans">
            <legend class="hidden">How far back</legend>
            <div class="span">
              <label>
                <input type="radio" name="span" checked={span === "days"} onChange={() => setSpan("days")} />
                The last
              </label>
              <input
                class="input"
                name="days"
                type="number"
                min={1}
                max={36_500}
                required={span === "days"}
                defaultValue="30"
                aria-label="Days"
                onFocus={() => setSpan("days")}
              />
              days
            </div>
            <label class="span">
              <input type="radio" name="span" checked={span === "all"} onChange={() => setSpan("all")} />
              All history
            </label>
          </fieldset>
          <p>{describeBackfill(span, pullRequests)}</p>
          <p class="error" role="alert">
            {error}
          </p>
          <div class="actions">
            <Button onClick={() => dialog.current?.close()}>Back</Button>
            <button type="submit" class="button primary">
              Start the backfill
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function RepositoryField() {
  return (
    <label class="stack">
      <span>Repository</span>
      <input
        class="input"
        name="repository"
        required
        pattern="[\w\-]+\/[\w.\-]+"
        placeholder="owner/name"
        title="owner/name"
        autocomplete="off"
        spellcheck={false}
      />
      <span class="muted small">
        One that the App is installed on, or a public one if the server has a GITHUB_TOKEN.
      </span>
    </label>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Describes what the backfill does, and what it costs. */
function describeBackfill(span: "days" | "all", pullRequests: number | null): string {
  const which = span === "all" ? "every pull request" : "the pull requests that were updated in this time";
  const cost =
    pullRequests === null
      ? `For each 1,000 pull requests it takes about ${requestsPerThousand} requests.`
      : `${span === "all" ? "It takes about" : "It takes at most about"} ${toRequests(pullRequests)} for GitHub's ${formatCount(pullRequests, "pull request")}.`;
  return `It reads ${which} from GitHub, and stores what differs. ${cost} Live updates go first, and it waits while GitHub's budget is low.`;
}

function toRequests(pullRequests: number): string {
  return `${formatNumber(Math.max(3, Math.ceil((pullRequests / 1_000) * requestsPerThousand)))} requests`;
}
