import path from "node:path";
import type { ConfigPair } from "@bellwether/config/config-pair";
import { outcomesOf } from "@bellwether/config/model-config";
import type { RetrainPolicy } from "@bellwether/config/retrain-policy";
import { labelRules } from "@bellwether/ingest/training/label-rules";
import { leftOutRows } from "@bellwether/ingest/training/left-out-rows";
import { readOutcomes } from "@bellwether/ingest/training/outcome-labels";
import { startTrainProcess } from "@bellwether/scoring/training/train-process";
import type { OpsOutcomes } from "../clients/ops-outcomes.ts";
import type { RetrainSteps } from "../domain/retrain.ts";
import { onDisk } from "../store/disk-error.ts";
import { openWeekFolder } from "../store/week-folder.ts";
import { readLabelledWeeks } from "../store/week-rows.ts";

/** What the steps of a retrain use. */
export interface RetrainStepsDeps {
  readonly pair: Pick<ConfigPair, "model" | "configHash">;
  readonly policy: RetrainPolicy;
  readonly weeksFolder: string;
  readonly outcomes: Pick<OpsOutcomes, "readKnown">;
  /** Returns the digest of the snapshot of a complete week; "": not recorded. Null: the ledger does not have the week as complete. */
  readonly completeInput: (week: string) => Promise<string | null>;
  readonly publish: RetrainSteps["publish"];
  readonly gate: RetrainSteps["gate"];
  readonly now: () => Date;
}

/** Creates the steps of a retrain: outcomes from ops-service, rows from the data folder, the training in its own process. */
export function createRetrainSteps(deps: RetrainStepsDeps): RetrainSteps {
  const { pair, policy, weeksFolder, outcomes, completeInput, publish, gate, now } = deps;
  const { model, configHash } = pair;
  return {
    async readLabels(signal) {
      const today = now();
      const rules = labelRules(outcomesOf(model), today);
      const { table, notes } = await outcomes.readKnown(today.toISOString().slice(0, 10), signal);
      return { labels: readOutcomes(table, rules), horizonDays: rules.horizonDays, notes };
    },
    loadRows: (window, { labels, horizonDays }, onWeek, signal) =>
      onDisk(
        weeksFolder,
        readLabelledWeeks({
          ...{ model, labels, horizonDays, window, signal, onWeek },
          folder: path.join(weeksFolder, model.name),
          // The files of a revision that was withdrawn, or that another machine replaced, are not those of the week.
          async accepts(week) {
            const digest = await completeInput(week);
            if (digest === null || digest === "") return digest !== null;
            return (await openWeekFolder(weeksFolder, model.name, week).readIngest())?.digest === digest;
          },
        }),
      ),
    async train({ model: spec, data }, onProgress, signal) {
      await using child = startTrainProcess({ isBackground: true });
      const task = { table: data.table, spec, configHash, leftOut: leftOutRows(data), warnings: data.warnings };
      const limits = { maxMemoryBytes: policy.maxMemoryMib * 2 ** 20, timeoutMs: policy.maxMinutes * 60_000 };
      return await child.run(task, limits, { signal, onProgress });
    },
    publish,
    gate,
  };
}
