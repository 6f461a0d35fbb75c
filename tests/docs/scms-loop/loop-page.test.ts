import { NO_ESTIMATE } from "@bellwether/drift/quality/estimate";
import { RetrainOutcome, RetrainSchema, RetrainTrigger } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { DecidedMonth } from "./compare-ways.ts";
import { loopFiles } from "./loop-page.ts";
import { ALL, type QuarterQuality, TRIVIAL } from "./quarter-quality.ts";

const estimate = (value: number | null) => ({ ...NO_ESTIMATE, value });
const quarterOf = (quarter: string, loop: number, scorecard: number): QuarterQuality => ({
  ...{ quarter, rows: 30, late: 6 },
  ways: Object.fromEntries(
    Object.entries({ loop, newest: loop, first: 0.5, scorecard, [TRIVIAL]: null }).map(([way, value]) => [
      ...[way, { auc: estimate(value), brier: estimate(value === null ? null : 1 - value) }],
    ]),
  ),
});
const retrain = create(RetrainSchema, {
  ...{ outcome: RetrainOutcome.PUBLISHED, version: "v2", trigger: RetrainTrigger.AGE, rows: 221n, positives: 15n },
  ...{ baselineFeature: "late_share", baselineAuc: 0.8 },
});
const month = (isoWeek: string, over: Partial<DecidedMonth> = {}): DecidedMonth => ({
  ...{ isoWeek, version: "v1", alertsRaised: 1, driftFromTraining: [], driftFromBefore: ["lines"], outcomes: 10 },
  ...{ rows: { vendors: ["a", "b"], numbers: new Map() }, retrain: null, waits: "", decision: null },
  ...over,
});
const pageOf = (loop: number, scorecard: number, over: Partial<DecidedMonth> = {}): string =>
  loopFiles({
    months: [month("2010-W16", { retrain, ...over }), month("2010-W21")],
    quarters: [quarterOf("2010 Q2", loop, scorecard), quarterOf(ALL, loop, scorecard)],
    versions: [{ version: "v2", champion: "v1", isPromoted: false, uses: [], quality: null }],
    firstTrained: "v2",
  })["scms-loop.md"] ?? "";

const promotion = { isPromoted: true, verdict: "PASS", open: [], rows: 40, late: 7 } as const;
const promoted = { decision: { ...promotion, auc: { champion: 0.6, challenger: 0.7 } } };

test("the page says which way wins, also when it is not the loop", () => {
  expect(pageOf(0.6, 0.8, promoted)).toContain(
    "**The loop does not win here: scorecard does**, with an AUC of 0.800 against 0.600. Champion became v2.",
  );
  expect(pageOf(0.9, 0.8, promoted)).toContain(
    "**No way ranks the vendors better than the loop**, with an AUC of 0.900.",
  );
  expect(pageOf(0.8, 0.8)).toContain("**Training does not win here.**");
  expect(pageOf(0.8, 0.8)).toContain("There are no intervals");
});

test("a retrain is shown with what the gate said, and a failed one with its reason", () => {
  const held = { isPromoted: false, verdict: "HELD", open: ["window", "contract"], rows: 40, late: 7 } as const;
  const decision = { ...held, auc: { champion: 0.7, challenger: null } };
  expect(pageOf(0.6, 0.8, { decision })).toContain(
    "| 2010-W16 | v2 | age | 221 | 15 | 40, 7 | –, 0.700 | late_share 0.800 | HELD (window, contract): stays challenger |",
  );
  const failed = create(RetrainSchema, { outcome: RetrainOutcome.FAILED, failure: "1 of 20 rows | too few" });
  expect(pageOf(0.6, 0.8, { retrain: failed })).toContain("1 of 20 rows \\| too few");
});
