import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type CounterfactualAnswer,
  createCounterfactualFinder,
} from "@bellwether/scoring/counterfactual/find-counterfactuals";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import { lowestCost, publishGridModel, SUPPLIERS, supplierAt } from "@bellwether/testing/grid-model";
import { type Bench, metric } from "./metric.ts";

/** Time for which suppliers are compared. */
const MINUTES_MS = 240_000;
const IMPORTANT = ["past_disputes", "financial_stability_index"];
const BUDGET = { maxMs: 600_000, maxSteps: 1e9, isStopped: () => false };

/**
 * Compares counterfactuals of at most three changes with an exhaustive search over all values that may be proposed,
 * for as many suppliers as fit into some minutes.
 */
export const bench: Bench = async ({ log }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-bench-"));
  const model = await openScoringModel(await publishGridModel(folder));
  try {
    const find = createCounterfactualFinder(model);
    const counts: Record<CounterfactualAnswer["outcome"], number> = {
      ...{ found: 0, "none-within-limits": 0, "not-decided": 0, "already-below": 0 },
    };
    const began = performance.now();
    let asked = 0;
    let wrong = 0;
    for (let i = 0; i < SUPPLIERS && performance.now() - began < MINUTES_MS; i++) {
      const supplier = supplierAt(i);
      if ((await scoreSupplier(model, supplier, "supplier")).band === "low") continue;
      asked++;
      // Half of the suppliers cannot change the two most important features: then often nothing is enough.
      const fixed = i % 2 === 0 ? IMPORTANT : [];
      const limits = fixed.map((feature) => ({ feature, fixed: true }));
      const request = { supplier, maxChanges: 3, maxAnswers: 5, targetBand: "low", limits } as const;
      const answer = await find(request, "supplier", BUDGET);
      counts[answer.outcome]++;
      const lowest = await lowestCost(model, supplier, 3, model.bundle.bands.medium, fixed);
      const expected = lowest === Number.POSITIVE_INFINITY ? "none-within-limits" : "found";
      const isSmallest = Math.abs((answer.counterfactuals[0]?.cost ?? lowest) - lowest) < 1e-9;
      if (answer.outcome !== expected || (expected === "found" && !isSmallest)) {
        wrong++;
        log(`supplier ${i}: ${answer.outcome} ${answer.counterfactuals[0]?.cost}, by trying all: ${lowest}`);
      }
    }
    log(JSON.stringify(counts));
    const unit = "suppliers";
    return [
      metric({ name: "counterfactual.proof.compared", value: asked, unit, better: "higher" }),
      metric({ name: "counterfactual.proof.none", value: counts["none-within-limits"], unit, better: "higher" }),
      metric({ name: "counterfactual.proof.wrong", value: wrong, unit, better: "lower", gate: 0 }),
    ];
  } finally {
    await model.release();
    await rm(folder, { recursive: true, force: true });
  }
};
