import {
  DataKind,
  type KindRetentionSchema,
  type RetentionService,
  RetentionUnit,
} from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type ModelScores, oldestKeptWeek, type RetentionLimits } from "../../domain/retention.ts";
import {
  type DataKind as Kind,
  type KindRetention,
  type RemovedItems,
  type RemovedKind,
  retentionOfKinds,
} from "../../domain/retention-kinds.ts";

export interface RetentionDependencies {
  readonly retention: RetentionLimits;
  /** Days for which ended notices are kept. Null: no notices are sent. */
  readonly noticeDays: number | null;
  readonly readModelScores: () => Promise<readonly ModelScores[]>;
  readonly readRemovedItems: () => Promise<ReadonlyMap<RemovedKind, RemovedItems>>;
}

const KIND_NUMBERS: Readonly<Record<Kind, DataKind>> = {
  scores: DataKind.SCORES,
  late_scores: DataKind.LATE_SCORES,
  snapshots: DataKind.SNAPSHOTS,
  reports: DataKind.REPORTS,
  audit_payloads: DataKind.AUDIT_PAYLOADS,
  alert_notes: DataKind.ALERT_NOTES,
  notices: DataKind.NOTICES,
  request_answers: DataKind.REQUEST_ANSWERS,
  sessions: DataKind.SESSIONS,
  audit_records: DataKind.AUDIT_RECORDS,
  alerts: DataKind.ALERTS,
  outcomes: DataKind.OUTCOMES,
  suppliers: DataKind.SUPPLIERS,
  runs: DataKind.RUNS,
  api_keys: DataKind.API_KEYS,
  watchlists: DataKind.WATCHLISTS,
  external_scores: DataKind.EXTERNAL_SCORES,
  result_copies: DataKind.RESULT_COPIES,
  exported_events: DataKind.EXPORTED_EVENTS,
};
const COUNTED: readonly RemovedKind[] = ["late_scores", "reports", "audit_payloads", "alert_notes"];

/** Returns the handlers of RetentionService. */
export function retentionHandlers(deps: RetentionDependencies): ServiceImpl<typeof RetentionService> {
  const { retention, noticeDays } = deps;
  return {
    async getRetention() {
      const [models, items] = await Promise.all([deps.readModelScores(), deps.readRemovedItems()]);
      const { scoreWeeks, snapshotWeeks, outcomeWeeks } = retention;
      return {
        ...{ scoreWeeks, snapshotWeeks, outcomeWeeks },
        models: models.map(({ lastRemovedAt, ...model }) => ({
          ...model,
          oldestScoreWeek: oldestKeptWeek(model.newestWeek, scoreWeeks),
          oldestSnapshotWeek: oldestKeptWeek(model.newestWeek, snapshotWeeks),
          ...(lastRemovedAt && { lastRemovedAt: timestampFromDate(lastRemovedAt) }),
        })),
        kinds: retentionOfKinds(retention, noticeDays).map((kind) => kindToProto(kind, removedOf(kind, models, items))),
      };
    },
  };
}

/** Returns what was removed of a kind. Undefined: it is not counted in the database of this service. */
function removedOf(
  { kind }: KindRetention,
  models: readonly ModelScores[],
  items: ReadonlyMap<RemovedKind, RemovedItems>,
): RemovedItems | undefined {
  if (kind === "scores") {
    const times = models.flatMap(({ lastRemovedAt }) => (lastRemovedAt ? [lastRemovedAt.getTime()] : []));
    return {
      removed: models.reduce((sum, { runsRemoved }) => sum + runsRemoved, 0),
      lastRemovedAt: times.length === 0 ? null : new Date(Math.max(...times)),
    };
  }
  const counted = COUNTED.find((one) => one === kind);
  return counted && (items.get(counted) ?? { removed: 0, lastRemovedAt: null });
}

function kindToProto(
  { kind, kept, ...texts }: KindRetention,
  items: RemovedItems | undefined,
): MessageInitShape<typeof KindRetentionSchema> {
  return {
    ...{ kind: KIND_NUMBERS[kind], ...texts, ...unitOf(kept) },
    ...(items && { removed: BigInt(items.removed) }),
    ...(items?.lastRemovedAt && { lastRemovedAt: timestampFromDate(items.lastRemovedAt) }),
  };
}

function unitOf(kept: KindRetention["kept"]) {
  if (kept === "forever") return { unit: RetentionUnit.FOREVER };
  if (kept === "elsewhere") return { unit: RetentionUnit.ELSEWHERE };
  return "weeks" in kept
    ? { unit: RetentionUnit.WEEKS, amount: kept.weeks }
    : { unit: RetentionUnit.DAYS, amount: kept.days };
}
