import { type Alert, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { agoText } from "../parts/format.ts";
import { DISPOSITION_WORDS, personText, wordOf } from "../parts/words.ts";

/** What the page compares: the alert that the reader saw, and the alert as it is now. */
type Compared = Pick<Alert, "state" | "disposition" | "owner" | "severity" | "changedBy" | "changedAt"> & {
  readonly snooze?: Alert["snooze"];
};

/**
 * Says who changed an alert after the reader saw it, and what: "jo resolved it (mitigated), 2 minutes ago".
 * `seen` undefined: only the last change is known.
 */
export function whoChanged(seen: Compared | undefined, now: Compared, nowMs: number): string {
  const who = personText(now.changedBy, true);
  const when = agoText(now.changedAt, nowMs);
  return `${who} ${whatChanged(seen, now)}${when && `, ${when}`}`;
}

function whatChanged(seen: Compared | undefined, now: Compared): string {
  if (seen?.state !== now.state) {
    if (now.state === AlertState.RESOLVED) {
      const disposition = now.disposition === Disposition.UNSPECIFIED ? "" : wordOf(DISPOSITION_WORDS, now.disposition);
      return `resolved it${disposition && ` (${disposition.toLowerCase()})`}`;
    }
    if (now.state === AlertState.ACKNOWLEDGED) return "acknowledged it";
    if (now.state === AlertState.IN_MITIGATION) return "began to reduce the risk";
    return seen?.state === AlertState.RESOLVED ? "opened it again" : "changed it";
  }
  if (seen.owner !== now.owner) return now.owner ? `gave it to ${now.owner}` : "took it from its owner";
  if (Boolean(seen.snooze) !== Boolean(now.snooze)) return now.snooze ? "snoozed it" : "ended its snooze";
  if (seen.severity !== now.severity) return "changed its severity";
  return "changed it";
}
