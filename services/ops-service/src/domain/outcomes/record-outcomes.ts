import { checkOutcome, type KnownPrediction, type OutcomeRules } from "./check-outcomes.ts";
import {
  aboutOf,
  type Outcome,
  type OutcomeDraft,
  type OutcomeInput,
  type OutcomeSource,
  type OutcomeViolation,
  outcomeViolation,
} from "./outcome.ts";

/** The report of a request. */
export interface RecordResult {
  readonly recorded: number;
  readonly corrected: number;
  readonly unchanged: number;
  /** Rows among `unchanged` whose note is not stored, because the stored outcome has another one. */
  readonly keptNotes: number;
  readonly rejected: number;
  readonly violations: readonly OutcomeViolation[];
}

/** A stored outcome, as a request is compared with it. */
export type CurrentOutcome = Pick<Outcome, "id" | "occurred" | "happenedOn" | "knownOn" | "note" | "predictionId">;

/** An outcome to store. */
export interface OutcomeWrite {
  readonly draft: OutcomeDraft;
  /** Id of the outcome that it replaces. Null: none. */
  readonly replaces: string | null;
}

/** Reads and writes outcomes in one transaction. */
export interface OutcomeStore {
  /**
   * Waits for other requests, then returns the answer to the same request. Undefined: the request is new.
   * @throws ImportMismatchError when the id was used for another request
   */
  earlierAnswer(requestId: string, digest: string): Promise<RecordResult | undefined>;
  /** Returns the predictions of these ids that the audit log has. */
  predictions(ids: readonly string[]): Promise<ReadonlyMap<string, KnownPrediction>>;
  /** Returns those of these suppliers that exist. */
  suppliers(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Returns those of these suppliers that the model has scored in a week. Undefined: it has no complete run of the week. */
  scoredIn(modelName: string, isoWeek: string, ids: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /** Returns those of these suppliers that are in the review sample of a week. A revision of the week keeps its earlier sample. */
  reviewedIn(modelName: string, isoWeek: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Returns the outcomes that count, by `keyOf`. */
  current(modelName: string, drafts: readonly OutcomeDraft[]): Promise<ReadonlyMap<string, CurrentOutcome>>;
  write(
    writes: readonly OutcomeWrite[],
    by: { readonly modelName: string; readonly source: OutcomeSource; readonly actor: string },
  ): Promise<void>;
  /** Stores the answer for a repeated request, and appends the request to the audit log. */
  record(done: {
    readonly requestId: string;
    readonly digest: string;
    readonly actor: string;
    readonly modelName: string;
    readonly source: OutcomeSource;
    readonly answer: RecordResult;
  }): Promise<void>;
}

export interface RecordRequest {
  readonly requestId: string;
  /** SHA-256 of the request, lower-case hex. */
  readonly digest: string;
  readonly actor: string;
  readonly modelName: string;
  readonly source: OutcomeSource;
  readonly rows: readonly OutcomeInput[];
  readonly corrects: boolean;
  readonly isDryRun: boolean;
}

/** Maximum number of violations of a row that the answer has. */
const MAX_VIOLATIONS_PER_ROW = 10;

/** The text that is the same for outcomes of which one counts. */
export const keyOf = (draft: OutcomeDraft): string => JSON.stringify([draft.supplierId, aboutOf(draft)]);

/** Stores the valid rows of a request, all in one transaction, and reports the others. @throws ImportMismatchError */
export function recordOutcomes(
  inTransaction: <T>(work: (store: OutcomeStore) => Promise<T>) => Promise<T>,
  request: RecordRequest,
  { now, horizonDays }: Pick<OutcomeRules, "now" | "horizonDays">,
): Promise<RecordResult & { readonly isRepeated: boolean }> {
  const { requestId, digest, actor, modelName, source, rows, corrects, isDryRun } = request;
  return inTransaction(async (store) => {
    const earlier = isDryRun ? undefined : await store.earlierAnswer(requestId, digest);
    if (earlier) return { ...earlier, isRepeated: true };
    const ids = rows.map(({ predictionId }) => predictionId.toLowerCase()).filter((id) => id !== "");
    const predictions = ids.length === 0 ? new Map<string, KnownPrediction>() : await store.predictions(ids);
    const violations: OutcomeViolation[] = [];
    let checked: NumberedDraft[] = [];
    for (const [row, input] of rows.entries()) {
      const rules = { now, horizonDays, source, modelName };
      const found = checkOutcome(row, input, (id) => predictions.get(id), rules);
      violations.push(...found.violations.slice(0, MAX_VIOLATIONS_PER_ROW));
      if (found.draft) checked.push({ row, draft: found.draft, hasKnownOn: input.knownOn !== "" });
    }
    checked = await keepKnown(store, modelName, checked, violations);
    if (source === "review") checked = await keepReviewed(store, modelName, checked, violations);
    const current = await store.current(
      modelName,
      checked.map(({ draft }) => draft),
    );
    const plan = planRecord(checked, current, corrects);
    const answer = {
      ...plan.counts,
      rejected: rows.length - plan.counts.recorded - plan.counts.corrected - plan.counts.unchanged,
      violations: [...violations, ...plan.violations].sort((a, b) => a.row - b.row),
    };
    if (!isDryRun) {
      await store.write(plan.writes, { modelName, source, actor });
      await store.record({ requestId, digest, actor, modelName, source, answer });
    }
    return { ...answer, isRepeated: false };
  });
}

interface NumberedDraft {
  readonly row: number;
  readonly draft: OutcomeDraft;
  /** Whether the row says from which day the outcome was known. False: `draft` has the day of the request. */
  readonly hasKnownOn: boolean;
}

/** Returns the rows whose supplier is in the review sample of the week; the others become violations. */
async function keepReviewed(
  store: OutcomeStore,
  modelName: string,
  drafts: readonly NumberedDraft[],
  violations: OutcomeViolation[],
): Promise<NumberedDraft[]> {
  const reviewed = new Map<string, ReadonlySet<string>>();
  for (const [week, group] of Map.groupBy(drafts, ({ draft }) => draft.isoWeek)) {
    const ids = [...new Set(group.map(({ draft }) => draft.supplierId))];
    if (week !== "") reviewed.set(week, await store.reviewedIn(modelName, week, ids));
  }
  return drafts.filter(({ row, draft: { supplierId, isoWeek } }) => {
    if (reviewed.get(isoWeek)?.has(supplierId)) return true;
    violations.push(
      isoWeek === ""
        ? outcomeViolation(row, "iso_week", "", "is missing; an answer to a review names the week of the sample")
        : outcomeViolation(
            ...([row, "supplier_id", supplierId] as const),
            `is not in the review sample of ${isoWeek}; ListReviews lists the suppliers of the sample`,
          ),
    );
    return false;
  });
}

/** Returns the rows whose supplier exists and has a score in the week; the others become violations. */
async function keepKnown(
  store: OutcomeStore,
  modelName: string,
  drafts: readonly NumberedDraft[],
  violations: OutcomeViolation[],
): Promise<NumberedDraft[]> {
  const known = await store.suppliers([...new Set(drafts.map(({ draft }) => draft.supplierId))]);
  const scored = new Map<string, ReadonlySet<string> | undefined>();
  const existing = drafts.filter(({ draft }) => known.has(draft.supplierId));
  for (const [week, group] of Map.groupBy(existing, ({ draft }) => draft.isoWeek)) {
    if (week === "") continue;
    const ids = [...new Set(group.map(({ draft }) => draft.supplierId))];
    scored.set(week, await store.scoredIn(modelName, week, ids));
  }
  return drafts.filter(({ row, draft: { supplierId, isoWeek, predictionId } }) => {
    const reject = (field: string, value: string, reason: string): false => {
      violations.push(outcomeViolation(row, field, value, reason));
      return false;
    };
    if (!known.has(supplierId))
      return reject(
        "supplier_id",
        supplierId,
        "is not a supplier: no weekly file and no master data has this id; import it with ImportSuppliers first",
      );
    // A prediction between two runs has its own score.
    if (isoWeek === "" || predictionId !== null) return true;
    const suppliers = scored.get(isoWeek);
    if (suppliers === undefined) return reject("iso_week", isoWeek, `has no complete run of the model ${modelName}`);
    return (
      suppliers.has(supplierId) ||
      reject("iso_week", isoWeek, `has no score of the supplier ${JSON.stringify(supplierId)}`)
    );
  });
}

/** Decides what valid rows store. */
export function planRecord(
  drafts: readonly NumberedDraft[],
  current: ReadonlyMap<string, CurrentOutcome>,
  corrects: boolean,
): {
  readonly writes: readonly OutcomeWrite[];
  readonly counts: Pick<RecordResult, "recorded" | "corrected" | "unchanged" | "keptNotes">;
  readonly violations: readonly OutcomeViolation[];
} {
  const writes: OutcomeWrite[] = [];
  const violations: OutcomeViolation[] = [];
  const counts = { recorded: 0, corrected: 0, unchanged: 0, keptNotes: 0 };
  const seen = new Map<string, Pick<NumberedDraft, "row" | "draft">>();
  const countUnchanged = (stored: Pick<OutcomeDraft, "note">, draft: OutcomeDraft): void => {
    counts.unchanged++;
    if (hasOtherNote(stored, draft)) counts.keptNotes++;
  };
  for (const numbered of drafts) {
    const { row, draft } = numbered;
    const key = keyOf(draft);
    const reject = (field: Contradicted, reason: string): void => {
      const value = draft.occurred ? "OCCURRED" : "NOT_OCCURRED";
      violations.push(outcomeViolation(row, field, field === "value" ? value : draft.knownOn, reason));
    };
    const first = seen.get(key);
    if (first) {
      const field = contradicted(numbered, first.draft);
      if (field === undefined) countUnchanged(first.draft, draft);
      else
        reject(
          field,
          `contradicts row ${first.row} about the same supplier and ${aboutOf(draft)}; the first row counts`,
        );
      continue;
    }
    const stored = current.get(key);
    const merged = stored ? withStored(numbered, stored) : draft;
    seen.set(key, { row, draft: merged });
    if (stored === undefined) {
      counts.recorded++;
      writes.push({ draft, replaces: null });
      continue;
    }
    const field = contradicted(numbered, stored);
    if (corrects && (field !== undefined || hasOtherNote(stored, draft))) {
      counts.corrected++;
      writes.push({ draft: merged, replaces: stored.id });
    } else if (field === undefined) countUnchanged(stored, draft);
    else reject(field, `contradicts the outcome ${stored.id}, ${describe(stored, field)}; ${TO_REPLACE}`);
  }
  return { writes, counts, violations };
}

/** The command line has its option in place of this text. */
const TO_REPLACE = "to replace it, set on_conflict to CORRECT";

type Said = Pick<OutcomeDraft, "occurred" | "happenedOn" | "knownOn">;
type Contradicted = "value" | "known_on";

const isSame = (a: Said, b: Said): boolean => a.occurred === b.occurred && a.happenedOn === b.happenedOn;

/** Returns the field in which a row contradicts another outcome. A row without known_on contradicts no day. */
function contradicted({ draft, hasKnownOn }: NumberedDraft, other: Said): Contradicted | undefined {
  if (!isSame(draft, other)) return "value";
  return hasKnownOn && draft.knownOn !== other.knownOn ? "known_on" : undefined;
}

/** Returns the outcome of a row, with what the row does not say from the stored outcome if both say the same. */
function withStored({ draft, hasKnownOn }: NumberedDraft, stored: CurrentOutcome): OutcomeDraft {
  if (!isSame(draft, stored)) return draft;
  return {
    ...draft,
    knownOn: hasKnownOn ? draft.knownOn : stored.knownOn,
    note: draft.note || stored.note,
    predictionId: draft.predictionId ?? stored.predictionId,
  };
}

/** Whether a row has a note that the stored outcome does not have. A row without a note changes none. */
const hasOtherNote = (stored: Pick<OutcomeDraft, "note">, { note }: Pick<OutcomeDraft, "note">): boolean =>
  note !== "" && note !== stored.note;

function describe({ occurred, happenedOn, knownOn }: Said, field: Contradicted): string {
  if (field === "known_on") return `which was known from ${knownOn}`;
  return occurred ? `OCCURRED${happenedOn === null ? "" : ` on ${happenedOn}`}` : "NOT_OCCURRED";
}
