import {
  type Alert,
  type AlertChange,
  type AlertEvent,
  type AlertSeverity,
  BECAME_WORSE,
  isSnoozed,
  RULES_ACTOR,
  type ScoreChangeParts,
} from "../alerts/alert.ts";
import { NOTICE_CAUSES, type NoticeCause } from "./notice.ts";

/** What happened to the alerts of one supplier, as it is stored with the change of the alerts. */
export interface NoticeEvent {
  /** Identifies what happened: the same event is stored once. At most 120 characters. */
  readonly key: string;
  readonly cause: NoticeCause;
  readonly occurredAt: Date;
  readonly actor: string;
  /** The person to whom an alert was assigned. Empty: the routes decide who is notified. */
  readonly assignee: string;
  /** Note of the assignment for its new owner, up to 500 characters. Left out: there is none. */
  readonly note?: string;
  /** Number of the supplier in the database. */
  readonly supplierId: number;
  /** The run that the scores are from. */
  readonly runId: number;
  readonly alertIds: readonly string[];
  readonly severity: AlertSeverity;
  /** Who owns the alerts. Empty: nobody. */
  readonly owner: string;
  readonly score: number;
  /** Null: there was none. */
  readonly previousScore: number | null;
  /** Expected impact in the currency of the run's formula. Null: not recorded. */
  readonly impact: number | null;
  /** The parts of the change of the score, when another model version scored the week before. */
  readonly scoreChangeParts?: ScoreChangeParts | null;
}

/**
 * Returns the events of changed alerts: at most one per supplier and run, and one per assignment to another person.
 * Alerts that are snoozed, and changes that make an alert less urgent, make no event.
 */
export function noticeEventsOf(changes: readonly AlertChange[], now: Date): readonly NoticeEvent[] {
  const ofRules = new Map<string, NoticeEvent>();
  const assignments: NoticeEvent[] = [];
  for (const { alert, events } of changes) {
    const assigned = events.find((event) => event.kind === "assigned" && event.actor !== RULES_ACTOR);
    if (assigned && alert.owner !== "" && alert.owner !== assigned.actor) assignments.push(assignment(alert, assigned));
    const cause = ruleCause(events);
    if (!cause || alert.state === "resolved" || isSnoozed(alert, now)) continue;
    const key = `run/${alert.lastRunId}/supplier/${alert.supplierId}`;
    const known = ofRules.get(key);
    const event = eventOf(alert, { key, cause, occurredAt: now, actor: RULES_ACTOR, assignee: "" });
    ofRules.set(key, known ? merged(known, event) : event);
  }
  return [...ofRules.values(), ...assignments];
}

/** Returns the event that nobody has taken an open alert in time. One per time that the alert was opened. */
export function notTakenEvent(alert: Alert, now: Date): NoticeEvent {
  const key = `not-taken/${alert.id}/${alert.raisedAt.getTime()}`;
  return eventOf(alert, { key, cause: "not_taken", occurredAt: now, actor: RULES_ACTOR, assignee: "" });
}

type Occasion = Pick<NoticeEvent, "key" | "cause" | "occurredAt" | "actor" | "assignee" | "note">;

/** Longest note in a notice, in UTF-16 units; the alert has the whole one. */
const MAX_NOTE = 500;

function eventOf(alert: Alert, occasion: Occasion): NoticeEvent {
  const { riskScore: score, scoreChange, severity, owner, supplierId, lastRunId: runId } = alert;
  const previousScore = scoreChange === null ? null : Math.min(1, Math.max(0, score - scoreChange));
  const { expectedImpact: impact, scoreChangeParts } = alert;
  const values = { severity, owner, score, previousScore, impact, ...(scoreChangeParts && { scoreChangeParts }) };
  return { ...occasion, supplierId, runId, alertIds: [alert.id], ...values };
}

function assignment(alert: Alert, { version, occurredAt, actor, note }: AlertEvent): NoticeEvent {
  const key = `assigned/${alert.id}/${version}`;
  // PostgreSQL rejects JSON with half of a surrogate pair.
  const shown = note.slice(0, MAX_NOTE).replace(/[\uD800-\uDBFF]$/, "");
  const said = shown === "" ? {} : { note: shown };
  return eventOf(alert, { key, cause: "assigned", occurredAt, actor, assignee: alert.owner, ...said });
}

/** Returns what the rules did that a person should know. Undefined: nothing. */
function ruleCause(events: readonly AlertEvent[]): NoticeCause | undefined {
  const kinds = new Set(events.filter(({ actor }) => actor === RULES_ACTOR).map(({ kind }) => kind));
  if (kinds.has("escalated")) return "escalated";
  if (kinds.has("raised")) return "raised";
  if (kinds.has("reopened")) return "reopened";
  // A snooze that ended at its date is no change of the risk.
  return events.some(({ kind, detail }) => kind === "woken" && detail === BECAME_WORSE) ? "worse" : undefined;
}

/** Combines two events about the same supplier and run: the more urgent one names cause and owner. */
function merged(a: NoticeEvent, b: NoticeEvent): NoticeEvent {
  const rank = ({ cause, severity }: NoticeEvent): number =>
    (severity === "critical" ? 0 : NOTICE_CAUSES.length) + NOTICE_CAUSES.indexOf(cause);
  const [first, second] = rank(a) <= rank(b) ? [a, b] : [b, a];
  return { ...first, owner: first.owner || second.owner, alertIds: [...a.alertIds, ...b.alertIds].toSorted() };
}
