import type { ScoredBy } from "../scores/run.ts";
import { compareSupplierIds } from "../suppliers/compare-supplier-ids.ts";
import type { AlertChange, AlertEventKind, ScoreChangeParts } from "./alert.ts";

/** A week that another model version scored than the week before. */
export interface ModelChange {
  readonly beforeWeek: string;
  readonly beforeVersion: string;
  readonly afterVersion: string;
}

/** Divides the changes of scores into parts of the data and of the model version, by number of the supplier. */
export type DivideChanges = (suppliers: readonly number[]) => Promise<ReadonlyMap<number, DividedChange>>;

/** The parts of a change. */
export type DividedChange = Pick<ScoreChangeParts, "dataScore" | "modelScore" | "notComputed">;

/** Maximum number of suppliers whose changes are divided in one run. */
export const MAX_DIVIDED = 1_000;

/** Entries of a history that say that a rule moved an alert. */
const MOVES: ReadonlySet<AlertEventKind> = new Set(["raised", "reopened", "escalated", "deescalated", "resolved"]);

/** Whether a rule moved an alert by the supplier's score in the run. */
const isMove = ({ alert, events }: AlertChange, runId: number): boolean =>
  alert.lastRunId === runId && events.some(({ kind }) => MOVES.has(kind));

/** Returns the model change between two runs. Null: the same files scored both, or one has no scores. */
export function modelChangeOf(
  before: { readonly isoWeek: string; readonly scoredBy: ScoredBy | null } | undefined,
  after: ScoredBy | null,
): ModelChange | null {
  if (!before?.scoredBy || !after) return null;
  const isSame =
    before.scoredBy.modelDigest === after.modelDigest && before.scoredBy.bundleDigest === after.bundleDigest;
  if (isSame) return null;
  return { beforeWeek: before.isoWeek, beforeVersion: before.scoredBy.version, afterVersion: after.version };
}

/** Returns the suppliers whose alerts were moved and that have an earlier score, with the size of the change. */
export function movedSuppliers(changes: readonly AlertChange[], runId: number): ReadonlyMap<number, number> {
  return new Map(
    changes.flatMap((change) => {
      const { supplierId, scoreChange } = change.alert;
      return isMove(change, runId) && scoreChange !== null ? [[supplierId, Math.abs(scoreChange)] as const] : [];
    }),
  );
}

/**
 * Returns the suppliers whose changes are divided: the largest changes first, equal ones by `compareSupplierIds`, and not
 * more than `most`.
 * @param externalIds the ids that callers gave the suppliers
 */
export function chooseDivided(
  moved: ReadonlyMap<number, number>,
  externalIds: ReadonlyMap<number, string>,
  most = MAX_DIVIDED,
): readonly number[] {
  const idOf = (supplierId: number): string => externalIds.get(supplierId) ?? "";
  return [...moved]
    .sort(([a, x], [b, y]) => y - x || compareSupplierIds(idOf(a), idOf(b)))
    .slice(0, most)
    .map(([supplierId]) => supplierId);
}

/** Adds the parts of the change of the score to every alert that was moved, and to the entries of its history. */
export function withParts(
  changes: readonly AlertChange[],
  runId: number,
  change: ModelChange,
  divided: ReadonlyMap<number, DividedChange>,
): readonly AlertChange[] {
  return changes.map((one) => {
    if (!isMove(one, runId)) return one;
    const { scoreChange, supplierId } = one.alert;
    const unknown =
      scoreChange === null ? "There is no earlier score." : `Only ${MAX_DIVIDED} changes of a run are divided.`;
    const parts = divided.get(supplierId) ?? { dataScore: null, modelScore: null, notComputed: unknown };
    const scoreChangeParts = { ...change, ...parts };
    const events = one.events.map((event) => (MOVES.has(event.kind) ? { ...event, scoreChangeParts } : event));
    return { ...one, alert: { ...one.alert, scoreChangeParts }, events };
  });
}

/** Describes the parts in one sentence without a full stop. */
export function describeParts({
  beforeVersion,
  afterVersion,
  dataScore,
  modelScore,
  notComputed,
}: ScoreChangeParts): string {
  const versions = `${afterVersion} scored this week, ${beforeVersion} the week before`;
  if (dataScore === null || modelScore === null)
    return `${versions}; the parts of data and model were not computed: ${notComputed.replace(/\.$/, "")}`;
  return `${versions}; of the change, ${signed(dataScore)} follows from the data and ${signed(modelScore)} from the model`;
}

const signed = (part: number): string => `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(2)}`;
