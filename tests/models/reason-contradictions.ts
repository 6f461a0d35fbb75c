// `node tests/models/reason-contradictions.ts`: counts the contributions of the demo's alerts that contradict
// the declared direction of their feature. A reason contradicts when its value is on the safer side of the
// typical value and it increases the risk, or the reverse.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { writeDemo } from "@bellwether/cli/data/write-demo";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { alertReasons, explainScore } from "@bellwether/ops-service/domain/scores/explain-score";
import { contradicts, groupReasons, selectReasons } from "@bellwether/reasons/select-reasons";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel, openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { describeFeatures } from "@bellwether/scoring/score/feature-facts";
import { scoreSupplier } from "@bellwether/scoring/score/score-supplier";

const CONFIG = path.resolve(import.meta.dirname, "../../config");

/** Counts for the suppliers of band high. */
export interface Contradictions {
  readonly alerts: number;
  /** Reasons before selection, and how many of them contradict. */
  readonly reasons: number;
  readonly contradicting: number;
  /** Reasons after selection, which a reader sees, and how many of them contradict. */
  readonly shown: number;
  readonly shownContradicting: number;
  /**
   * Reasons that ops-service shows on the page and in alerts, from its stored scores, and how many of them
   * contradict.
   */
  readonly onPage: number;
  readonly onPageContradicting: number;
}

/**
 * Trains the demo's model and counts.
 * @param monotone false: without monotone splits
 */
export async function countContradictions(suppliers: number, monotone: boolean): Promise<Contradictions> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "reasons-"));
  try {
    const data = path.join(folder, "demo");
    await writeDemo(data, { suppliers, transactions: Math.round(suppliers / 2) }, 42, "2026-W47");
    const pair = await loadConfigPair(
      path.join(CONFIG, "model_config.yaml"),
      path.join(CONFIG, "feature_mapping.yaml"),
    );
    const { table } = await readTrainingTable({ ...pair, dataDir: data });
    const features = pair.model.features.map((feature) => ({ ...feature, monotone: monotone && feature.monotone }));
    const trained = await trainRiskModel({
      table,
      spec: { ...pair.model, features },
      configHash: pair.configHash,
      runOnnx,
    });
    const publication = {
      ...trained,
      modelName: pair.model.name,
      origin: "trained" as const,
      configHash: pair.configHash,
      evaluation: null,
      now: new Date(0),
    };
    const { version } = await publishVersion(folder, publication, checkScoringModel);
    const model = await openScoringModel(await readVersion(folder, pair.model.name, version));
    const described = describeFeatures(model.bundle);
    const byName = new Map(described.map((feature) => [feature.name, feature]));
    const counts = {
      alerts: 0,
      reasons: 0,
      contradicting: 0,
      shown: 0,
      shownContradicting: 0,
      onPage: 0,
      onPageContradicting: 0,
    };
    for (let row = 0; row < table.rows; row++) {
      const numbers = [...table.numbers].map(([name, column]) => [name, column[row] as number] as const);
      const input = {
        features: Object.fromEntries(numbers.filter(([, value]) => !Number.isNaN(value))),
        categories: {},
        text: table.texts?.[row] ?? "",
      };
      const score = await scoreSupplier(model, input, "supplier");
      if (score.band !== "high") continue;
      const all = groupReasons(score.contributions, described);
      const { reasons } = selectReasons(score.contributions, described);
      const seen = new Map(all.map((reason) => [reason.feature, reason]));
      const page = explainScore({
        columnNames: score.contributions.map(({ feature }) => feature),
        phi: Float32Array.from(score.contributions, ({ contribution }) => contribution),
        features: described.map((feature) => ({ ...feature, categories: [] })),
        previous: null,
        values: Float32Array.from(described, ({ name }) => seen.get(name)?.value ?? Number.NaN),
      });
      const onPage = [...page.reasons, ...alertReasons(page)];
      counts.onPage += onPage.length;
      counts.onPageContradicting += onPage.filter(({ feature, contribution }) => {
        const { value, typical } = seen.get(feature) ?? { value: null, typical: null };
        return contradicts({ value, typical, contribution }, byName.get(feature));
      }).length;
      counts.alerts++;
      counts.reasons += all.length;
      counts.contradicting += all.filter((reason) => contradicts(reason, byName.get(reason.feature))).length;
      counts.shown += reasons.length;
      counts.shownContradicting += reasons.filter((reason) => contradicts(reason, byName.get(reason.feature))).length;
    }
    await model.release();
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  for (const monotone of [false, true]) {
    const counts = await countContradictions(10_500, monotone);
    const { alerts, reasons, contradicting, shown, shownContradicting, onPage, onPageContradicting } = counts;
    console.log(
      `${monotone ? "directions held" : "directions not held"}: ${alerts} alerts; before selection ${contradicting} of ${reasons} reasons contradict; shown ${shown}, contradicting ${shownContradicting}; on the page and in alerts ${onPage}, contradicting ${onPageContradicting}`,
    );
  }
}
