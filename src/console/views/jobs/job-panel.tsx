import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { JobDetail } from "../../../api/console-contract.ts";
import { describeRepairs } from "../../../client/describe-repairs.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { Loaded } from "../../components/page.tsx";
import { useMedia } from "../../use-media.ts";
import { useResource } from "../../use-resource.ts";
import { JobActions } from "./job-actions.tsx";
import { JobErrorBox, JobEvent, JobFacts, JobSteps } from "./job-sections.tsx";
import { StateBadge } from "../../components/badge.tsx";
import { Bar } from "../../components/bar.tsx";
import { describeProgress, isUnfinished } from "./job-text.ts";

interface JobPanelProps {
  id: string;
  isPaused: boolean;
  onClose: () => void;
  onChanged: () => void;
}

/** Everything about one job, beside the list. On narrow screens a dialog over it. */
export function JobPanel({ id, isPaused, onClose, onChanged }: JobPanelProps) {
  const job = useResource(`job ${id}`, (signal) => api.getJob(id, signal), { isLive: !isPaused });
  const changed = () => {
    job.reload();
    onChanged();
  };
  return (
    <Frame label={`Job ${id}`} onClose={onClose}>
      <header class="panel-header">
        <h2>Job {id}</h2>
        {job.data && <StateBadge state={job.data.state} />}
        <Button kind="quiet" label="Close" onClick={onClose}>
          ✕
        </Button>
      </header>
      <Loaded resource={job}>{(data) => <Detail job={data} onChanged={changed} />}</Loaded>
    </Frame>
  );
}

function Detail({ job, onChanged }: { job: JobDetail; onChanged: () => void }) {
  return (
    <>
      <JobActions job={job} onChanged={onChanged} />
      {job.done !== null && describeRepairs(job) === null && (
        <div class="panel-progress">
          <Bar
            label={`Progress of job ${job.id}`}
            value={job.done}
            max={job.total}
            tone={job.state === "completed" ? "good" : job.state === "failed" ? "bad" : "accent"}
          />
          <span class="muted small">
            {describeProgress(job)}
            {isUnfinished(job) ? "" : ` · ${job.state}`}
          </span>
        </div>
      )}
      <JobErrorBox job={job} />
      <JobFacts job={job} />
      <JobSteps job={job} />
      <JobEvent job={job} />
    </>
  );
}

interface FrameProps {
  label: string;
  onClose: () => void;
  children: ComponentChildren;
}

function Frame({ label, onClose, children }: FrameProps) {
  const isNarrow = useMedia("(max-width: 1000px)");
  return isNarrow ? (
    <ModalFrame label={label} onClose={onClose}>
      {children}
    </ModalFrame>
  ) : (
    <SideFrame label={label} onClose={onClose}>
      {children}
    </SideFrame>
  );
}

/** Escape closes it, wherever the focus is. */
function SideFrame({ label, onClose, children }: FrameProps) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) onClose();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [onClose]);
  return (
    <aside class="panel" aria-label={label}>
      {children}
    </aside>
  );
}

function ModalFrame({ label, onClose, children }: FrameProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="panel modal"
      aria-label={label}
      onCancel={(event) => {
        if (event.target !== dialog.current) return; // a question within it
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </dialog>
  );
}
