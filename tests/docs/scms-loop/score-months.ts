import { readVersion } from "@bellwether/registry/versions/read-version";
import { scoreBatch } from "@bellwether/scoring/batch/score-batch";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { Month } from "./replay-month.ts";
import { MODEL } from "./until.ts";

/** Returns the score of each vendor of each month with one version, by month: the code of ml-service, on the snapshots of the runs. */
export async function scoreMonths(
  registry: string,
  version: string,
  months: readonly Month[],
): Promise<ReadonlyMap<string, Float64Array>> {
  const model = await openScoringModel(await readVersion(registry, MODEL, version));
  try {
    const scores = new Map<string, Float64Array>();
    for (const { isoWeek, rows } of months) {
      const input = { rows: rows.vendors.length, numbers: rows.numbers, categories: new Map(), texts: null };
      scores.set(isoWeek, (await scoreBatch(model, input, false)).riskScores);
    }
    return scores;
  } finally {
    await model.release();
  }
}
