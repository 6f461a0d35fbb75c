import { countText } from "@bellwether/reasons/count-text";
import type { GateRecord } from "@bellwether/risk-model/promotion/gate-record";
import { CHECK_TITLES } from "@bellwether/risk-model/promotion/gate-section";
import type { RecordedGate } from "@bellwether/scoring/promotion/promote-passed";

const VERDICTS: Readonly<Record<GateRecord["verdict"], string>> = {
  PASS: "PASS: every check passed",
  HELD: "HELD: a person decides",
  FAIL: "FAIL: the challenger is not promoted",
};
/** Width of the columns of check and outcome. */
const [TITLE, OUTCOME] = [24, 10];

/** Returns a result and what to do next, in lines for a person. */
export function gateLines(record: GateRecord, { entry, promoted }: RecordedGate): string[] {
  const { modelName, champion, challenger, verdict, window, rows, positives, suppliers } = record;
  const command = `${challenger} --model ${modelName} --gate ${entry.id} --reason TEXT`;
  const next =
    promoted !== null
      ? [`champion is ${promoted.version}: the risk policy promotes automatically`]
      : verdict === "FAIL"
        ? [`the champion stays ${champion}`]
        : [`approve: npx bellwether models approve ${command}`, `reject:  npx bellwether models reject ${command}`];
  return [
    `${modelName}: ${challenger} against ${champion}, the champion, on ${window}`,
    `${countText(rows, "row")} of ${countText(suppliers, "supplier")}, ${positives} with the risk`,
    ...record.checks.map(
      ({ name, outcome, reason }) =>
        `  ${CHECK_TITLES[name].padEnd(TITLE)}${outcome.replace("_", " ").padEnd(OUTCOME)}${reason}`,
    ),
    ...record.references.map(
      ({ name, auc, brier }) =>
        `  beside: ${name}: AUC ${auc?.toFixed(4) ?? "–"}, Brier score ${brier?.toFixed(4) ?? "–"}`,
    ),
    VERDICTS[verdict],
    `result: ${entry.id}`,
    ...next,
  ];
}

/** Returns a result as JSON. */
export const gateJson = (record: GateRecord, { entry, promoted }: RecordedGate) => ({
  ...{ gate_id: entry.id, model: record.modelName, champion: record.champion, challenger: record.challenger },
  ...{ verdict: record.verdict, window: record.window, checks: record.checks, rows: record.rows },
  ...{ positives: record.positives, suppliers: record.suppliers, promoted: promoted?.version ?? null },
  references: record.references.map(({ averagePrecision, ...of }) => ({ ...of, average_precision: averagePrecision })),
  segments: record.segments.map(({ adjustedP, isWorse, ...segment }) => ({
    ...segment,
    ...{ adjusted_p: adjustedP, is_worse: isWorse },
  })),
});
