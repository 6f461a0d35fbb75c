import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { useState } from "react";
import { Choice } from "../parts/choice.tsx";
import { DayField } from "../parts/day-field.tsx";
import { inOneLine } from "../parts/in-one-line.ts";
import { NoteField } from "../parts/note-field.tsx";
import { BAND_WORDS, SEVERITY_WORDS, wordOf } from "../parts/words.ts";
import { useDraft } from "../session/use-draft.ts";
import { ActionForm, draftName, type FormProps } from "./action-form.tsx";
import { dayOf, endOfDay, endOfDayAfter, tomorrow } from "./until.ts";

const SEVERITIES: readonly (readonly [severity: AlertSeverity, name: string])[] = [
  [AlertSeverity.UNSPECIFIED, "As the rule says"],
  ...[AlertSeverity.WARNING, AlertSeverity.CRITICAL].map((one) => [one, wordOf(SEVERITY_WORDS, one)] as const),
];
const BANDS: readonly (readonly [band: Band, name: string])[] = [
  [Band.UNSPECIFIED, "As the model says"],
  ...[Band.LOW, Band.MEDIUM, Band.HIGH].map((one) => [one, wordOf(BAND_WORDS, one)] as const),
];

/** Replaces the severity or the band of alerts until a day, with a reason. */
export function OverrideForm(props: FormProps) {
  const [severity, setSeverity] = useState<AlertSeverity>(AlertSeverity.UNSPECIFIED);
  const [band, setBand] = useState<Band>(Band.UNSPECIFIED);
  const [day, setDay] = useState(() => dayOf(endOfDayAfter(30, new Date())));
  const [reason, setReason, clearReason] = useDraft(draftName("override", props.targets));
  const isOverridden = props.targets.some(({ activeOverride }) => activeOverride !== undefined);
  const isEnd = severity === AlertSeverity.UNSPECIFIED && band === Band.UNSPECIFIED;
  return (
    <ActionForm
      {...props}
      action={isEnd && isOverridden ? "End the override" : "Override"}
      onSent={clearReason}
      decision={() => {
        const until = isEnd ? undefined : endOfDay(day);
        if (reason.trim() === "" || (isEnd ? !isOverridden : until === undefined)) return undefined;
        return { kind: "override", severity, band, reason: inOneLine(reason), ...(until && { until }) };
      }}
    >
      <Choice title="Severity" isFirst options={SEVERITIES} value={severity} onChange={setSeverity} />
      <Choice title="Band" options={BANDS} value={band} onChange={setBand} />
      <DayField label="Until" isRequired={!isEnd} min={tomorrow(new Date())} value={day} onChange={setDay} />
      <NoteField label="Reason" value={reason} onChange={setReason} isRequired />
    </ActionForm>
  );
}
