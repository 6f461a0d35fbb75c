import type { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type ModelScores, oldestKeptWeek, type RetentionWeeks } from "../../domain/retention.ts";

export interface RetentionDependencies {
  readonly retention: RetentionWeeks;
  readonly readModelScores: () => Promise<readonly ModelScores[]>;
}

/** Returns the handlers of RetentionService. */
export function retentionHandlers({
  retention,
  readModelScores,
}: RetentionDependencies): ServiceImpl<typeof RetentionService> {
  return {
    async getRetention() {
      const models = (await readModelScores()).map(({ lastRemovedAt, ...model }) => ({
        ...model,
        oldestScoreWeek: oldestKeptWeek(model.newestWeek, retention.scoreWeeks),
        oldestSnapshotWeek: oldestKeptWeek(model.newestWeek, retention.snapshotWeeks),
        ...(lastRemovedAt && { lastRemovedAt: timestampFromDate(lastRemovedAt) }),
      }));
      return { ...retention, models };
    },
  };
}
