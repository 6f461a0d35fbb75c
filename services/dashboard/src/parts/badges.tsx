import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type Alert, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { hrefOf } from "../routing/route.ts";
import { BAND_WORDS, DISPOSITION_WORDS, personText, SEVERITY_WORDS, STATE_WORDS, wordOf } from "./words.ts";

/** The colour of a badge, by how much attention it needs. */
export type Tone = "urgent" | "careful" | "calm" | "quiet" | "busy";

/** A short text in a colour. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

/** Returns the colour of a band, in badges and plots. */
export function bandTone(band: Band): Tone {
  if (band === Band.HIGH) return "urgent";
  if (band === Band.MEDIUM) return "careful";
  return band === Band.LOW ? "calm" : "quiet";
}

/** Badge with the band of a score. */
export function BandBadge({ band }: { band: Band }) {
  return <Badge tone={bandTone(band)}>{wordOf(BAND_WORDS, band)}</Badge>;
}

/** Badge with the severity of an alert. */
export function SeverityBadge({ severity }: { severity: AlertSeverity }) {
  return (
    <Badge tone={severity === AlertSeverity.CRITICAL ? "urgent" : "careful"}>{wordOf(SEVERITY_WORDS, severity)}</Badge>
  );
}

/** Text with the state of an alert, and the person who acknowledged it or the disposition. */
export function AlertStateText({ alert }: { alert: Alert }) {
  const { state, disposition, acknowledgedBy, supplierId, modelName, replacedByAlertId, replacedByRuleId } = alert;
  const more =
    state === AlertState.RESOLVED && disposition === Disposition.REPLACED ? (
      <>
        Replaced by{" "}
        <a href={hrefOf({ page: "supplier", supplierId, modelName, alertId: replacedByAlertId })}>{replacedByRuleId}</a>
      </>
    ) : state === AlertState.RESOLVED && disposition !== Disposition.UNSPECIFIED ? (
      wordOf(DISPOSITION_WORDS, disposition)
    ) : (
      state === AlertState.ACKNOWLEDGED && acknowledgedBy && visibleText(personText(acknowledgedBy, true))
    );
  return (
    <>
      {wordOf(STATE_WORDS, state)}
      {more && <small>{more}</small>}
    </>
  );
}
