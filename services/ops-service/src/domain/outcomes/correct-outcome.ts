import { checkWhat, type OutcomeRules, today } from "./check-outcomes.ts";
import { aboutOf, type Outcome, outcomeViolation } from "./outcome.ts";
import { OutcomeFieldError, OutcomeNotFoundError, OutcomeReplacedError } from "./outcome-error.ts";

/** What replaces an outcome. */
export interface Correction {
  readonly occurred: boolean;
  /** ISO date. Empty: not known. */
  readonly happenedOn: string;
  /** ISO date. Empty: today. */
  readonly knownOn: string;
}

export interface CorrectionRequest {
  readonly outcomeId: string;
  /** Null: the outcome is withdrawn. */
  readonly correction: Correction | null;
  readonly reason: string;
  readonly actor: string;
}

/** Reads and replaces one outcome in one transaction. */
export interface CorrectionStore {
  /** Locks the outcome until the transaction ends. */
  lock(outcomeId: string): Promise<Outcome | undefined>;
  /** Whether another outcome of the same supplier and model counts for this week or day. */
  hasOther(stored: Outcome, about: string): Promise<boolean>;
  /** Stores the outcome that replaces `replaced`, with an event in the audit log, and returns it. */
  replace(replaced: Outcome, by: Omit<Outcome, "id" | "number" | "recordedAt">): Promise<Outcome>;
}

/**
 * Replaces or withdraws an outcome; the old one stays with its trace.
 * @throws OutcomeNotFoundError, OutcomeReplacedError, OutcomeFieldError
 */
export async function correctOutcome(
  store: CorrectionStore,
  { outcomeId, correction, reason, actor }: CorrectionRequest,
  rules: (modelName: string) => Pick<OutcomeRules, "now" | "horizonDays">,
): Promise<Outcome> {
  const stored = await store.lock(outcomeId);
  if (!stored) throw new OutcomeNotFoundError(outcomeId);
  if (stored.replacedBy !== null || stored.withdrawn) throw new OutcomeReplacedError(outcomeId, stored.replacedBy);
  const { now, horizonDays } = rules(stored.modelName);
  const { occurred, happenedOn, knownOn } = correction ?? {
    ...stored,
    happenedOn: stored.happenedOn ?? "",
  };
  const { isoWeek, source } = stored;
  const violations = checkWhat(0, { isoWeek, occurred, happenedOn, knownOn }, { now, horizonDays, source });
  if (correction && violations.length > 0) throw new OutcomeFieldError(violations);
  if (correction && (await store.hasOther(stored, aboutOf({ isoWeek, happenedOn }))))
    throw new OutcomeFieldError([
      outcomeViolation(0, "happened_on", happenedOn, "has another outcome of the supplier; withdraw one of the two"),
    ]);
  return store.replace(stored, {
    ...stored,
    ...{ occurred, happenedOn: happenedOn || null, knownOn: knownOn || today(now) },
    ...{ note: reason, recordedBy: actor, replaces: stored.id, replacedBy: null, withdrawn: correction === null },
  });
}
