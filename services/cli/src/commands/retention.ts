import {
  DataKind,
  type KindRetention,
  type ModelRetention,
  RetentionService,
  RetentionUnit,
} from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { enumWord } from "../output/enum-word.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { JSON_FLAG, OPS_FLAG } from "../remote/shared-options.ts";

const TIMEOUT_MS = 10_000;

/** `bellwether retention` */
export function retentionCommand(context: CliContext): Command {
  return new Command("retention")
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nThe key `retention` of config/risk_policy.yaml sets how long most kinds of data are kept. Weeks are counted back from the newest" +
        "\ncomplete week of the model. The audit log records each removal (kinds retention.*)." +
        "\n\nExample:\n  npx bellwether retention",
    )
    .action(async (options: { readonly ops?: string; readonly json?: boolean }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, RetentionService);
      const { scoreWeeks, snapshotWeeks, outcomeWeeks, models, kinds } = await ops.answer(
        ops.client.getRetention({}, { timeoutMs: TIMEOUT_MS }),
      );
      for (const kind of kinds) report.line(kindLine(kind));
      for (const model of models) report.line(modelLine(model));
      if (models.length === 0) report.line("no model has a complete week");
      report.json({
        score_weeks: scoreWeeks,
        outcome_weeks: outcomeWeeks,
        snapshot_weeks: snapshotWeeks,
        kinds: kinds.map(kindJson),
        models: models.map(modelJson),
      });
    });
}

/** Returns how long a kind is kept, as words. */
function keptText({ unit, amount, countedFrom }: KindRetention): string {
  if (unit === RetentionUnit.WEEKS) return `kept for ${countText(amount, "week")}`;
  if (unit === RetentionUnit.DAYS) return `kept for ${countText(amount, "day")} after ${countedFrom}`;
  if (unit === RetentionUnit.FOREVER) return "kept forever";
  return unit === RetentionUnit.ELSEWHERE ? "kept by another system" : "unknown: update this program";
}

function kindLine(kind: KindRetention): string {
  const setting = kind.setting === "" ? "" : ` (${kind.setting})`;
  const { removed, last_removed_at } = kindJson(kind);
  const removals = removed ? `; ${removed} removed, last ${last_removed_at}` : "";
  return `${kind.title}: ${keptText(kind)}${setting}${removals}`;
}

function kindJson(kind: KindRetention) {
  const { WEEKS, DAYS } = RetentionUnit;
  return {
    kind: enumWord(DataKind, kind.kind),
    kept: enumWord(RetentionUnit, kind.unit),
    amount: kind.unit === WEEKS || kind.unit === DAYS ? kind.amount : null,
    setting: kind.setting || null,
    removed: kind.removed === undefined ? null : Number(kind.removed),
    last_removed_at: kind.lastRemovedAt ? timestampDate(kind.lastRemovedAt).toISOString() : null,
  };
}

function modelJson(model: ModelRetention) {
  return {
    model: model.modelName,
    newest_week: model.newestWeek,
    oldest_score_week: model.oldestScoreWeek,
    oldest_snapshot_week: model.oldestSnapshotWeek,
    runs_kept: model.runsKept,
    runs_due: model.runsDue,
    runs_removed: model.runsRemoved,
    last_removed_at: model.lastRemovedAt ? timestampDate(model.lastRemovedAt).toISOString() : null,
  };
}

function modelLine(model: ModelRetention): string {
  const { runs_kept, runs_due, runs_removed, last_removed_at } = modelJson(model);
  const removed =
    last_removed_at === null
      ? "none were removed yet"
      : `those of ${countText(runs_removed, "run")} were removed, last ${last_removed_at}`;
  const due = runs_due === 0 ? "" : `, those of ${countText(runs_due, "older run")} are about to be removed`;
  return `${model.modelName}: newest complete week ${model.newestWeek}; scores of ${countText(runs_kept, "run")} are kept, from ${model.oldestScoreWeek} on${due}, ${removed}; snapshots are kept from ${model.oldestSnapshotWeek} on`;
}
