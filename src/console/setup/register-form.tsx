import { useId, useState } from "preact/hooks";
import type { SetupAnswer } from "../../api/setup-contract.ts";
import { Loaded, Page } from "../components/page.tsx";
import { messageOf } from "../request.ts";
import { useResource } from "../use-resource.ts";
import { registrationProblem } from "./github-return.ts";
import { setupApi } from "./setup-api.ts";

/** The form for the App's owner and the way of its webhooks. It continues on GitHub. */
export function RegisterForm() {
  const setup = useResource("setup", setupApi.getSetup);
  return (
    <Page
      title="Register the GitHub App"
      lead="GitHub shows the App before it creates it, and then comes back to this page."
    >
      {registrationProblem.value !== null && (
        <p class="problem" role="alert">
          {registrationProblem.value}
        </p>
      )}
      <Loaded resource={setup}>{(data) => <Form setup={data} />}</Loaded>
    </Page>
  );
}

type Owner = "account" | "organization";
type Arrival = "public" | "channel";

function Form({ setup }: { setup: SetupAnswer }) {
  const [owner, setOwner] = useState<Owner>("account");
  const [arrival, setArrival] = useState<Arrival>(setup.webhook_proxy_url === null ? "public" : "channel");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const host = new URL(setup.github).host;

  const submit = async (form: HTMLFormElement) => {
    if (isBusy) return;
    const text = (name: string) => {
      const entry = new FormData(form).get(name);
      return typeof entry === "string" ? entry.trim() : "";
    };
    const organization = owner === "organization" ? text("organization") : null;
    const publicUrl = arrival === "public" ? text("public-url") : null;
    if (organization === "") return setError("Enter the organization's login.");
    if (publicUrl === "") return setError("Enter the server's public address, or choose smee.io.");
    setError(null);
    setBusy(true);
    try {
      const { action, manifest } = await setupApi.register({
        organization,
        public_url: publicUrl,
        page_url: location.origin,
      });
      postForm(action, { manifest });
    } catch (failure) {
      setError(messageOf(failure));
    }
    setBusy(false); // also for a reader who comes back
  };

  return (
    <form
      class="setup-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <OwnerFields host={host} owner={owner} choose={setOwner} />
      <ArrivalFields setup={setup} host={host} arrival={arrival} choose={setArrival} />

      <p class="muted">
        The App may read pull requests, issues and metadata, and change nothing. Sign in to {host} in this
        browser first, because GitHub forgets the form while it asks for a password.
      </p>
      <p class="error" role="alert">
        {error}
      </p>
      <div class="actions">
        <button type="submit" class="button primary" aria-busy={isBusy} aria-disabled={isBusy}>
          Continue on GitHub
        </button>
      </div>
    </form>
  );
}

interface OwnerFieldsProps {
  host: string;
  owner: Owner;
  choose: (owner: Owner) => void;
}

function OwnerFields({ host, owner, choose }: OwnerFieldsProps) {
  return (
    <fieldset class="card choices">
      <legend>Owner of the App</legend>
      <Choice
        name="owner"
        label={`My account on ${host}`}
        isChosen={owner === "account"}
        choose={() => choose("account")}
      />
      <Choice
        name="owner"
        label="An organization"
        note="You need to be an owner or an App manager of it."
        isChosen={owner === "organization"}
        choose={() => choose("organization")}
      />
      {owner === "organization" && (
        <input
          name="organization"
          class="input nested"
          aria-label="Login of the organization"
          placeholder="acme"
          autocomplete="off"
          spellcheck={false}
        />
      )}
    </fieldset>
  );
}

interface ArrivalFieldsProps {
  setup: SetupAnswer;
  host: string;
  arrival: Arrival;
  choose: (arrival: Arrival) => void;
}

function ArrivalFields({ setup, host, arrival, choose }: ArrivalFieldsProps) {
  const isReachable = setup.is_github_local || !isLocal(location.hostname);
  return (
    <fieldset class="card choices">
      <legend>How webhooks reach this server</legend>
      <Choice
        name="arrival"
        label="At its public address"
        note={
          isReachable
            ? `${host} sends webhooks to this address. It must be able to reach it.`
            : `${host} cannot reach ${location.host}. Enter the address under which it can.`
        }
        isChosen={arrival === "public"}
        choose={() => choose("public")}
      />
      {arrival === "public" && (
        <input
          name="public-url"
          class="input nested"
          aria-label="Public address"
          placeholder="https://capture.example.com"
          defaultValue={isReachable ? location.origin : ""}
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
        />
      )}
      <Choice
        name="arrival"
        label={
          setup.webhook_proxy_url === null
            ? "Through a new channel at smee.io, to try it on this machine"
            : `Through WEBHOOK_PROXY_URL, ${setup.webhook_proxy_url}`
        }
        note={`Webhooks, also those of private repositories, pass through ${setup.webhook_proxy_url === null ? "smee.io, a public server" : "it"}. Anyone who knows the channel can read them. Those that arrive while this server is down are lost.`}
        isChosen={arrival === "channel"}
        choose={() => choose("channel")}
      />
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  note?: string;
  isChosen: boolean;
  choose: () => void;
}

function Choice({ name, label, note, isChosen, choose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="choice">
      <input
        id={id}
        type="radio"
        name={name}
        checked={isChosen}
        onChange={choose}
        aria-describedby={note && `${id}-note`}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {note && (
          <p id={`${id}-note`} class="muted small">
            {note}
          </p>
        )}
      </div>
    </div>
  );
}

/** True for a host that only this machine reaches. The server decides with the same rule, in src/setup/reachable.ts. */
function isLocal(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1?\]|0\.0\.0\.0)$/.test(hostname);
}

/** Submits fields to another page, as a form does. */
function postForm(action: string, fields: Record<string, string>): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
