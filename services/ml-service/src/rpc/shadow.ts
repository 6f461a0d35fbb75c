import os from "node:os";
import {
  ShadowDropReason as DropReason,
  type ModelComparisonSchema,
  type ShadowService,
  ShadowState as State,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { statisticsToProto, sumsToProto } from "@bellwether/scoring/comparison/comparison-proto";
import { comparisonStatistics } from "@bellwether/scoring/comparison/comparison-statistics";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ShadowDropReason, ShadowState } from "../domain/shadow.ts";
import type { ShadowReport } from "../shadow/shadow.ts";
import type { PairReport } from "../shadow/shadow-records.ts";

const STATES = {
  off: State.OFF,
  no_champion: State.NO_CHAMPION,
  no_challenger: State.NO_CHALLENGER,
  same_version: State.SAME_VERSION,
  loading: State.LOADING,
  running: State.RUNNING,
  rejected: State.REJECTED,
  unreadable: State.UNREADABLE,
  stopped: State.STOPPED,
} satisfies Record<ShadowState, State>;

const DROP_REASONS = {
  queue_full: DropReason.QUEUE_FULL,
  too_old: DropReason.TOO_OLD,
  batch_not_read: DropReason.BATCH_NOT_READ,
  versions_changed: DropReason.VERSIONS_CHANGED,
  thread_ended: DropReason.THREAD_ENDED,
  thread_silent: DropReason.THREAD_SILENT,
} satisfies Record<ShadowDropReason, DropReason>;

/** Returns the handlers of ShadowService. */
export function shadowHandlers(
  defaultModel: string,
  /** @throws ModelNotConfiguredError */
  report: (modelName: string) => ShadowReport,
): ServiceImpl<typeof ShadowService> {
  return {
    getShadowComparison({ withSums, modelName: wanted }) {
      const modelName = wanted || defaultModel;
      const { state, detail, share, championVersion, challengerVersion, waiting, pairs } = report(modelName);
      return {
        replica: `${os.hostname()}:${process.pid}`,
        ...{ modelName, detail, share, championVersion, challengerVersion, waitingRows: waiting },
        state: STATES[state],
        comparisons: pairs.map((pair) => comparisonToProto(pair, withSums)),
      };
    },
  };
}

function comparisonToProto(pair: PairReport, withSums: boolean): MessageInitShape<typeof ModelComparisonSchema> {
  const { champion, challenger, sinceMs, chosen, dropped, rejected, failed, lastFailure, sums } = pair;
  return {
    championVersion: champion.version,
    championModelDigest: champion.modelDigest,
    challengerVersion: challenger.version,
    challengerModelDigest: challenger.modelDigest,
    since: timestampFromMs(sinceMs),
    losses: {
      chosenRows: BigInt(chosen),
      dropped: [...dropped].map(([reason, rows]) => ({ reason: DROP_REASONS[reason], rows: BigInt(rows) })),
      rejections: rejected.map(({ reason, field, rows }) => ({ reason, field, rows: BigInt(rows) })),
      failedRows: BigInt(failed),
      lastFailure,
    },
    statistics: statisticsToProto(comparisonStatistics(sums)),
    ...(withSums && { sums: sumsToProto(sums) }),
  };
}
