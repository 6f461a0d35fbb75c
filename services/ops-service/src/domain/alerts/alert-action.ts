import { hash as digest } from "node:crypto";
import type { LongestDays } from "@bellwether/config/alert-rules";
import type { Band } from "@bellwether/contract/band-codes";
import { countText } from "@bellwether/reasons/count-text";
import { AlertActionError, AlertResolvedError, AlertStateError } from "../ops-error.ts";
import { hasOrderControls, ORDER_CONTROLS_REASON, personNameViolation } from "../order-controls.ts";
import {
  type Alert,
  type AlertDecision,
  type AlertEventKind,
  type AlertSeverity,
  isActive,
  severityOf,
  withoutTerms,
} from "./alert.ts";

/** The dispositions that a person can give. */
export type GivenDisposition = "mitigated" | "accepted" | "false_data" | "false_model" | "duplicate";

/** An action of a person on an alert. `note`: what the person wrote. */
export type AlertAction = { readonly note: string } & (
  | { readonly kind: "acknowledge" | "start_mitigation" | "comment" | "reopen" }
  | {
      readonly kind: "resolve";
      readonly disposition: GivenDisposition;
      /** Null: for the weeks of the cool-down. */
      readonly acceptedUntil: Date | null;
      /** Empty: none. */
      readonly duplicateOf: string;
    }
  | { readonly kind: "assign"; readonly owner: string }
  /** Without an end date and without `untilWorse`, the present snooze ends. `minRise` 0: the default. */
  | { readonly kind: "snooze"; readonly until: Date | null; readonly untilWorse: boolean; readonly minRise: number }
  /** Without a severity and without a band, the present override ends. */
  | {
      readonly kind: "override";
      readonly severity: AlertSeverity | null;
      readonly band: Band | null;
      readonly until: Date | null;
    }
);

/** Who acts, and when. */
export interface ActionContext {
  readonly actor: string;
  readonly now: Date;
  /** Number of run weeks for which a risk is accepted without a date. */
  readonly coolDownWeeks: number;
  /** How many days ahead a snooze, an override and an accepted risk may end. */
  readonly longestDays: LongestDays;
}

/** What an action changes, and how the history names it. */
export interface ActionResult {
  readonly kind: AlertEventKind;
  readonly changed: Partial<AlertDecision>;
  /** One sentence with details. Empty: the kind describes the action completely. */
  readonly detail: string;
}

/** Kinds of actions whose request has its note in a field with another name than "note". */
const NOTE_FIELD: Partial<Record<AlertAction["kind"], string>> = { comment: "comment", override: "reason" };

/** Rise of the score that ends a snooze "until worse" when the request names none. */
const DEFAULT_MIN_RISE = 0.05;

/**
 * Returns what an action changes. Undefined: the alert is already as the action wants it.
 * @throws AlertStateError or AlertResolvedError when the alert's state does not allow the action,
 * AlertActionError for an invalid value
 */
export function applyAction(alert: Alert, action: AlertAction, context: ActionContext): ActionResult | undefined {
  if (hasOrderControls(action.note))
    throw new AlertActionError(NOTE_FIELD[action.kind] ?? "note", ORDER_CONTROLS_REASON);
  switch (action.kind) {
    case "acknowledge":
      if (alert.state === "acknowledged") return undefined;
      requireState(alert, ["open"], "acknowledged");
      return { kind: "acknowledged", changed: { state: "acknowledged", acknowledgedBy: context.actor }, detail: "" };
    case "start_mitigation":
      if (alert.state === "in_mitigation") return undefined;
      requireState(alert, ["open", "acknowledged"], "taken into mitigation");
      return { kind: "mitigation_started", changed: { state: "in_mitigation" }, detail: "" };
    case "resolve":
      return resolve(alert, action, context);
    case "assign":
      return assign(alert, action.owner);
    case "snooze":
      requireActive(alert, "snoozed");
      return snooze(alert, action, context);
    case "override":
      requireActive(alert, "overridden");
      return override(alert, action, context);
    case "comment":
      return { kind: "commented", changed: {}, detail: "" };
    case "reopen":
      requireState(alert, ["resolved"], "opened again");
      return { kind: "reopened", changed: OPENED, detail: `It was resolved (${alert.disposition}).` };
  }
}

const OPENED = {
  ...{ state: "open", disposition: null, resolvedAt: null, resolvedBy: "", acknowledgedBy: "" },
  ...{ replacedBy: null, acceptedUntil: null, duplicateOf: null },
} as const satisfies Partial<AlertDecision>;

function requireState(alert: Alert, allowed: readonly Alert["state"][], what: string): void {
  if (allowed.includes(alert.state)) return;
  if (alert.state === "resolved") throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  throw new AlertStateError(alert.id, alert.state, what);
}

function requireActive(alert: Alert, what: string): void {
  if (!isActive(alert)) requireState(alert, ["open"], what);
}

function assign(alert: Alert, owner: string): ActionResult | undefined {
  requireActive(alert, "assigned");
  if (alert.owner === owner) return undefined;
  const violation = personNameViolation(owner);
  if (violation !== undefined) throw new AlertActionError("owner", violation);
  return { kind: "assigned", changed: { owner }, detail: assigned(alert, owner) };
}

function assigned({ owner: before }: Alert, owner: string): string {
  if (owner === "") return `Nobody owns it any more; before, ${before} did.`;
  return before === "" ? `Assigned to ${owner}.` : `Assigned to ${owner}; before, to ${before}.`;
}

function resolve(
  alert: Alert,
  { disposition, acceptedUntil, duplicateOf }: Extract<AlertAction, { kind: "resolve" }>,
  context: ActionContext,
): ActionResult | undefined {
  const { actor, now, coolDownWeeks } = context;
  if (disposition !== "accepted" && acceptedUntil !== null)
    throw new AlertActionError("accepted_until", "is only for the disposition ACCEPTED; leave it out");
  if (disposition !== "duplicate" && duplicateOf !== "")
    throw new AlertActionError("duplicate_of_alert_id", "is only for the disposition DUPLICATE; leave it out");
  if (disposition === "duplicate" && duplicateOf === "")
    throw new AlertActionError("duplicate_of_alert_id", "is required for the disposition DUPLICATE");
  if (duplicateOf === alert.id)
    throw new AlertActionError("duplicate_of_alert_id", "is the alert itself; name another alert");
  if (alert.state === "resolved") {
    const isSame =
      alert.disposition === disposition &&
      alert.acceptedUntil?.getTime() === acceptedUntil?.getTime() &&
      (alert.duplicateOf ?? "") === duplicateOf;
    if (isSame) return undefined;
    throw new AlertResolvedError(alert.id, alert.disposition ?? "cleared");
  }
  checkEnd("accepted_until", acceptedUntil, "accepted", context);
  const { severity, snooze: snoozed, snoozedUntil, override: replaced, overrideUntil } = withoutTerms(alert);
  const changed: Partial<AlertDecision> = {
    ...{ state: "resolved" as const, disposition, resolvedAt: now, resolvedBy: actor, acceptedUntil },
    ...{ duplicateOf: duplicateOf === "" ? null : duplicateOf },
    ...{ severity, snooze: snoozed, snoozedUntil, override: replaced, overrideUntil },
  };
  const detail = duplicateOf === "" ? "" : `Duplicate of ${duplicateOf}.`;
  if (disposition !== "accepted") return { kind: "resolved", changed, detail };
  const accepted = acceptedUntil ? `until ${dateText(acceptedUntil)}` : `for ${countText(coolDownWeeks, "run week")}`;
  return { kind: "resolved", changed, detail: `Accepted ${accepted}.` };
}

function snooze(
  alert: Alert,
  { until, untilWorse, minRise }: Extract<AlertAction, { kind: "snooze" }>,
  context: ActionContext,
): ActionResult | undefined {
  const { actor } = context;
  if (minRise !== 0 && !untilWorse) throw new AlertActionError("min_rise", "is only for until_worse; leave it out");
  checkEnd("until", until, "snooze", context);
  if (until === null && !untilWorse) {
    if (alert.snooze === null) return undefined;
    return { kind: "woken", changed: { snooze: null, snoozedUntil: null }, detail: "The snooze was ended." };
  }
  const rise = untilWorse ? minRise || DEFAULT_MIN_RISE : 0;
  const from = { fromScore: alert.riskScore, fromSeverity: alert.ruleSeverity };
  const ends = [
    ...(until ? [`until ${dateText(until)}`] : []),
    ...(untilWorse ? [`until its rule raises the severity or the score rises by ${rise}`] : []),
  ];
  return {
    kind: "snoozed",
    changed: { snooze: { untilWorse, minRise: rise, ...from, actor }, snoozedUntil: until },
    detail: `Snoozed ${ends.join(", or ")}.`,
  };
}

function override(
  alert: Alert,
  { severity, band, until, note }: Extract<AlertAction, { kind: "override" }>,
  context: ActionContext,
): ActionResult | undefined {
  const { actor } = context;
  if (severity === null && band === null) {
    if (until !== null) throw new AlertActionError("until", "is only for a severity or a band; leave it out");
    if (alert.override === null) return undefined;
    const ended = { override: null, overrideUntil: null, severity: alert.ruleSeverity };
    return { kind: "override_ended", changed: ended, detail: "The override was ended." };
  }
  if (until === null) throw new AlertActionError("until", "is required with a severity or a band");
  checkEnd("until", until, "override", context);
  const replaced = { severity, band, reason: note, actor };
  const effective = severityOf({ override: replaced, ruleSeverity: alert.ruleSeverity });
  const values = [...(severity ? [`severity ${severity}`] : []), ...(band ? [`band ${band}`] : [])];
  return {
    kind: "overridden",
    changed: { override: replaced, overrideUntil: until, severity: effective },
    detail: `Replaced by ${values.join(" and ")} until ${dateText(until)}.`,
  };
}

const DAY_MS = 86_400_000;

/**
 * The last day that the alert rules allow counts as a whole, in UTC: an end that is a day is its last second.
 * @throws AlertActionError when the end of a decision is not in the future, or later than the alert rules allow
 */
function checkEnd(
  field: string,
  time: Date | null,
  what: keyof LongestDays,
  { now, longestDays }: Pick<ActionContext, "now" | "longestDays">,
): void {
  if (time === null) return;
  if (!Number.isFinite(time.getTime())) throw new AlertActionError(field, "is not a time");
  if (time <= now) throw new AlertActionError(field, `is not in the future; it is now ${now.toISOString()}`);
  const last = new Date(now.getTime() + longestDays[what] * DAY_MS);
  last.setUTCHours(23, 59, 59, 999);
  if (time > last)
    throw new AlertActionError(
      field,
      `is more than ${countText(longestDays[what], "day")} ahead (longest_days.${what} of the alert rules); it can be ${dateText(last)} at the latest`,
    );
}

/** Returns a time such as "2026-12-01 06:00 UTC". */
function dateText(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Returns the SHA-256 of an action, by which a repetition of it is found. */
export function contentHash(action: object): string {
  return digest("sha256", JSON.stringify(Object.entries(action).sort(([a], [b]) => (a < b ? -1 : 1))), "hex");
}
