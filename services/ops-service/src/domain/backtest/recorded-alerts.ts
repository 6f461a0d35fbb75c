/** A change of the state of an alert. */
export interface RecordedEvent {
  readonly alertId: string;
  readonly supplierId: number;
  readonly ruleId: string;
  readonly kind: "raised" | "reopened" | "resolved";
  /** The run that made the change. Null: a person did. */
  readonly runId: number | null;
  readonly occurredMs: number;
}

/** The alerts that were raised at the time. */
export interface RecordedAlerts {
  /** Number of alerts that a run raised or opened again. */
  raisedIn(runId: number): number;
  /** Whether a supplier had an active alert after the run of a week. @param isRule default: of every rule */
  wasActive(supplierId: number, isoWeek: string, isRule?: IsRule): boolean;
  /** Whether a person resolved an alert of the supplier after the first of the runs. @param isRule default: of every rule */
  wasDecided(supplierId: number, isRule?: IsRule): boolean;
}

type IsRule = (ruleId: string) => boolean;

interface RunOfWeek {
  readonly runId: number;
  readonly isoWeek: string;
  readonly completedMs: number;
}

/** From the first week on, until the week before the second one. */
interface Span {
  readonly ruleId: string;
  readonly from: string;
  readonly until: string;
}

const NO_END = "~";

/**
 * Returns the weeks in which alerts were active.
 * @param events those of an alert one after another @param runs oldest first
 */
export function recordedAlerts(events: readonly RecordedEvent[], runs: readonly RunOfWeek[]): RecordedAlerts {
  const weekOf = new Map(runs.map(({ runId, isoWeek }) => [runId, isoWeek]));
  const spans = new Map<number, Span[]>();
  const raised = new Map<number, number>();
  /** The first week whose run did not see the state before the change. */
  const weekAfter = ({ runId, occurredMs }: RecordedEvent): string =>
    runId === null
      ? (runs.find(({ completedMs }) => completedMs > occurredMs)?.isoWeek ?? NO_END)
      : (weekOf.get(runId) ?? "");
  const close = (began: RecordedEvent, until: string): void => {
    const own = spans.get(began.supplierId);
    const span = { ruleId: began.ruleId, from: weekAfter(began), until };
    if (own) own.push(span);
    else spans.set(began.supplierId, [span]);
  };
  /** Ids of the rules, by supplier. */
  const decided = new Map<number, Set<string>>();
  const firstMs = runs[0]?.completedMs ?? Number.POSITIVE_INFINITY;
  let began: RecordedEvent | null = null;
  for (const event of events) {
    if (began !== null && began.alertId !== event.alertId) {
      close(began, NO_END);
      began = null;
    }
    if (event.kind === "resolved") {
      if (event.runId === null && event.occurredMs >= firstMs) {
        const ruleIds = decided.get(event.supplierId) ?? new Set();
        decided.set(event.supplierId, ruleIds.add(event.ruleId));
      }
      if (began !== null) close(began, weekAfter(event));
      began = null;
      continue;
    }
    if (event.runId !== null) raised.set(event.runId, (raised.get(event.runId) ?? 0) + 1);
    began ??= event;
  }
  if (began !== null) close(began, NO_END);
  return {
    wasDecided: (supplierId, isRule = () => true) => [...(decided.get(supplierId) ?? [])].some(isRule),
    raisedIn: (runId) => raised.get(runId) ?? 0,
    wasActive: (supplierId, isoWeek, isRule = () => true) =>
      (spans.get(supplierId) ?? []).some(
        ({ ruleId, from, until }) => from <= isoWeek && isoWeek < until && isRule(ruleId),
      ),
  };
}
