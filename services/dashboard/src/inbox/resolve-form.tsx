import { type Alert, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { DayField } from "../parts/day-field.tsx";
import { NoteField } from "../parts/note-field.tsx";
import { DISPOSITION_WORDS, SEVERITY_WORDS, STATE_WORDS, wordOf } from "../parts/words.ts";
import { useDraft } from "../session/use-draft.ts";
import { ActionForm, draftName, type FormProps } from "./action-form.tsx";
import { DISPOSITIONS } from "./decision.ts";
import { endOfDay, tomorrow } from "./until.ts";

/** Asks for the disposition of alerts and resolves them. No disposition is chosen before. */
export function ResolveForm(props: FormProps) {
  const { targets } = props;
  const [disposition, setDisposition] = useState<Disposition>(Disposition.UNSPECIFIED);
  const [note, setNote, clearNote] = useDraft(draftName("resolve", targets));
  const [untilDay, setUntilDay] = useState("");
  const [duplicateOf, setDuplicateOf] = useState("");
  const [only] = targets.length === 1 ? targets : [];
  const choices = DISPOSITIONS.filter((choice) => only || choice.disposition !== Disposition.DUPLICATE);
  return (
    <ActionForm
      {...props}
      action="Resolve"
      onSent={clearNote}
      decision={() => {
        const until = disposition === Disposition.ACCEPTED ? endOfDay(untilDay) : undefined;
        const isDuplicate = disposition === Disposition.DUPLICATE;
        if (disposition === Disposition.UNSPECIFIED || (isDuplicate && duplicateOf === "")) return undefined;
        return {
          ...{ kind: "resolve", disposition, note: note.trim() },
          ...(until && { acceptedUntil: until }),
          ...(isDuplicate && { duplicateOf }),
        };
      }}
    >
      <fieldset className="choices">
        <legend>How was it resolved?</legend>
        {choices.map((choice, i) => (
          <label key={choice.disposition}>
            <input
              type="radio"
              name="disposition"
              required
              checked={disposition === choice.disposition}
              onChange={() => setDisposition(choice.disposition)}
            />
            <span>
              <kbd>{i + 1}</kbd> {wordOf(DISPOSITION_WORDS, choice.disposition)}
              <small>{choice.meaning}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {disposition === Disposition.ACCEPTED && (
        <DayField
          label="Accepted until (empty: the configured time)"
          min={tomorrow(new Date())}
          value={untilDay}
          onChange={setUntilDay}
        />
      )}
      {disposition === Disposition.DUPLICATE && only && (
        <OtherAlerts alert={only} value={duplicateOf} onChange={setDuplicateOf} />
      )}
      <NoteField label="Note for the history" value={note} onChange={setNote} />
    </ActionForm>
  );
}

const STATES = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];

/** Selects another alert about the same supplier. */
function OtherAlerts({ alert, value, onChange }: { alert: Alert; value: string; onChange: (id: string) => void }) {
  const list = useQuery(AlertService.method.listAlerts, { supplierId: alert.supplierId, states: STATES });
  const others = (list.data?.alerts ?? []).filter(({ alertId }) => alertId !== alert.alertId);
  if (list.isSuccess && others.length === 0)
    return <p className="quiet">This supplier has no other alert: choose another answer above.</p>;
  return (
    <label className="note">
      The other alert
      <select required value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose an alert</option>
        {others.map(({ alertId, ruleId, severity, state, lastWeek }) => (
          <option key={alertId} value={alertId}>
            {`${ruleId}, ${wordOf(SEVERITY_WORDS, severity)}, ${wordOf(STATE_WORDS, state)}, ${lastWeek}`}
          </option>
        ))}
      </select>
    </label>
  );
}
