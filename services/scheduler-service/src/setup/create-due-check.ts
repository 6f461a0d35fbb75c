import path from "node:path";
import { outcomesOf } from "@bellwether/config/model-config";
import type { ModelSpec } from "@bellwether/config/model-spec";
import type { RetrainPolicy } from "@bellwether/config/retrain-policy";
import type { OpsOutcomes } from "../clients/ops-outcomes.ts";
import { type DueState, findDueRetrain, type NewestWeek } from "../domain/retrain-due.ts";
import type { RetrainRecord } from "../domain/retrain-record.ts";
import { weeksWithSnapshot } from "../store/week-rows.ts";

/** What a check uses. */
export interface DueCheckDeps {
  readonly model: ModelSpec;
  readonly policy: RetrainPolicy;
  readonly weeksFolder: string;
  readonly outcomes: Pick<OpsOutcomes, "hasAny" | "countSince">;
  readonly newestWeek: (signal: AbortSignal) => Promise<NewestWeek | null>;
  /** Epoch milliseconds. Null: no version is published. */
  readonly newestVersionMs: () => Promise<number | null>;
  readonly now: () => Date;
}

/** Creates the check whether a retrain is due. */
export function createDueCheck({
  model,
  policy,
  weeksFolder,
  outcomes,
  newestWeek,
  newestVersionMs,
  now,
}: DueCheckDeps) {
  const { horizonDays, completeAfterDays } = outcomesOf(model);
  return (last: RetrainRecord | null, signal: AbortSignal): Promise<DueState> =>
    findDueRetrain(
      policy,
      {
        last: last && { beganMs: last.beganMs, toWeek: last.window.to },
        hasOutcomes: () => outcomes.hasAny(signal),
        newestWeek: () => newestWeek(signal),
        weeksIn: (window) => weeksWithSnapshot(path.join(weeksFolder, model.name), window),
        countOutcomesSince: (sinceMs, atMost) => outcomes.countSince(sinceMs, atMost, signal),
        newestVersionMs,
      },
      horizonDays + (completeAfterDays ?? 0),
      now().getTime(),
    );
}
