import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { notify } from "../notices.ts";
import { messageOf } from "../request.ts";

interface ButtonProps {
  children: ComponentChildren;
  /** A failed promise shows as a notice. The button is disabled while it runs. */
  onClick: () => unknown;
  kind?: "primary" | "plain" | "danger" | "quiet";
  label?: string;
  isDisabled?: boolean;
}

export function Button({ children, onClick, kind = "plain", label, isDisabled = false }: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const click = async () => {
    if (isBusy || isDisabled) return;
    setBusy(true);
    try {
      await onClick();
    } catch (error) {
      notify(messageOf(error), "bad");
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={`button ${kind}`}
      aria-label={label}
      aria-busy={isBusy}
      aria-disabled={isDisabled || isBusy}
      onClick={() => void click()}
    >
      {children}
    </button>
  );
}

interface ConfirmButtonProps {
  children: ComponentChildren;
  /** What happens, as a question: "Cancel 12 pending jobs?" */
  question: string;
  /** More about it. */
  explanation?: string;
  /** The verb on the button that does it. */
  action: string;
  onConfirm: () => unknown;
  kind?: "primary" | "danger";
  isDisabled?: boolean;
}

/** A button that asks before it acts. Escape and "Keep" close the question. */
export function ConfirmButton({
  children,
  question,
  explanation,
  action,
  onConfirm,
  kind = "danger",
  isDisabled = false,
}: ConfirmButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <Button isDisabled={isDisabled} onClick={() => dialog.current?.showModal()}>
        {children}
      </Button>
      <dialog ref={dialog} class="dialog" aria-label={question}>
        <h2>{question}</h2>
        {explanation && <p>{explanation}</p>}
        <div class="actions">
          <Button onClick={() => dialog.current?.close()}>Back</Button>
          <Button
            kind={kind}
            onClick={() => {
              dialog.current?.close();
              return onConfirm();
            }}
          >
            {action}
          </Button>
        </div>
      </dialog>
    </>
  );
}
