import { type Alert, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { showDecided } from "../rpc/use-alert-watch.ts";
import { Failure } from "./notice.tsx";
import { DISPOSITION_WORDS, wordOf } from "./words.ts";

const CHOICES = [
  { disposition: Disposition.MITIGATED, meaning: "The risk was real, and somebody has reduced it." },
  { disposition: Disposition.ACCEPTED, meaning: "The risk is real, and somebody has accepted it for now." },
  { disposition: Disposition.FALSE_DATA, meaning: "There was no risk: data of the supplier was wrong." },
  {
    disposition: Disposition.FALSE_MODEL,
    meaning: "There was no risk: the data was correct, and the score was wrong.",
  },
];

/** Maximum length of a note: the contract allows 2,000 bytes, and a character has at most four. */
const LONGEST_NOTE = 500;

interface ResolveDialogProps {
  readonly alert: Alert;
  readonly onDone: (words: string) => void;
  readonly onClose: () => void;
}

/** A dialog that asks for the disposition of an alert and resolves it. */
export function ResolveDialog({ alert, onDone, onClose }: ResolveDialogProps) {
  const queries = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [disposition, setDisposition] = useState<Disposition>(Disposition.MITIGATED);
  const [note, setNote] = useState("");
  // The decision is about the alert as it was when the dialog was opened.
  const [version] = useState(alert.version);
  const name = alert.supplierName || alert.supplierId;
  const resolve = useMutation(AlertService.method.resolveAlert, {
    onSuccess: async (answer) => {
      onDone(`Resolved: ${name}`);
      dialog.current?.close();
      if (answer.alert) await showDecided(queries, answer.alert);
    },
  });
  const blocked = useBlockedReason();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (blocked !== undefined || resolve.isPending) return;
    resolve.mutate({ alertId: alert.alertId, version, disposition, note });
  };
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={title}>Resolve: {name}</h2>
        <p className="quiet">{alert.summary}</p>
        <fieldset className="choices">
          <legend>How was it resolved?</legend>
          {CHOICES.map((choice) => (
            <label key={choice.disposition}>
              <input
                type="radio"
                name="disposition"
                checked={disposition === choice.disposition}
                onChange={() => setDisposition(choice.disposition)}
              />
              <span>
                {wordOf(DISPOSITION_WORDS, choice.disposition)}
                <small>{choice.meaning}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <label className="note">
          Note for the history
          <textarea rows={3} maxLength={LONGEST_NOTE} value={note} onChange={(event) => setNote(event.target.value)} />
        </label>
        {blocked !== undefined && <p role="status">{blocked}</p>}
        {resolve.isError && <Failure error={resolve.error} />}
        <div className="dialog-actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="primary" aria-disabled={resolve.isPending || blocked !== undefined}>
            Resolve
          </button>
        </div>
      </form>
    </dialog>
  );
}
