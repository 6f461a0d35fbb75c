import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { type BenchModel, drawRows, FEATURES, trainBenchModels } from "./explain-models.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { publishModel } from "./publish-model.ts";
import { measurePredict } from "./serving/predict-ratios.ts";
import { quantile } from "./statistics.ts";

/** Number of measured calls of each RPC, and of calls before them. */
const CALLS = 4_000;
const WARM_UP = 500;
/** Explain without a narrative takes at most three times as long as Predict. */
const RATIO_GATE = 3;

/**
 * Measures Predict of ml-service against bare grpc-js and other servers of models; then Predict and Explain through gRPC, one
 * call at a time and alternating, so that other load on the machine slows both equally.
 */
export const bench: Bench = async ({ log }) => {
  const metrics: Metric[] = [...(await measurePredict(log))];
  for (const model of trainBenchModels()) metrics.push(...(await measureModel(model, log)));
  return metrics;
};

async function measureModel(model: BenchModel, log: (line: string) => void): Promise<Metric[]> {
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-predict-"));
  try {
    const { manifest, bundleJson } = await publishModel(root, model);
    const { modelName, version } = manifest;
    const by = { setBy: "bench", reason: "measured", now: new Date() };
    await setAlias(root, { modelName, alias: "champion", version, ...by }, checkScoringModel);
    await using ml = await startService("ml-service", {
      MODEL_REGISTRY_URL: `file:${root}`,
      BELLWETHER_MODEL: modelName,
    });
    using transport = createMeshTransport({ url: ml.grpc });
    const client = createClient(InferenceService, transport);
    const suppliers = suppliersOf(parseFeatureBundle(bundleJson).features.map(({ name }) => name));
    const predict = async (i: number) => void (await client.predict({ supplier: suppliers[i % suppliers.length] }));
    const explain = async (i: number): Promise<void> => {
      for await (const _ of client.explain({ supplier: suppliers[i % suppliers.length] }));
    };
    const times = { predict: [] as number[], explain: [] as number[] };
    for (let i = 0; i < WARM_UP + CALLS; i++) {
      for (const [name, call] of [["predict", predict] as const, ["explain", explain] as const]) {
        const start = performance.now();
        await call(i);
        if (i >= WARM_UP) times[name].push(performance.now() - start);
      }
    }
    const [predictMs, explainMs] = [quantile(times.predict, 0.99), quantile(times.explain, 0.99)];
    const halves = `p50 ${quantile(times.predict, 0.5).toFixed(3)} and ${quantile(times.explain, 0.5).toFixed(3)} ms`;
    log(
      `${model.name}: p99 Predict ${predictMs.toFixed(3)} ms, Explain ${explainMs.toFixed(3)} ms; ${halves}; ${CALLS} calls each`,
    );
    return [
      metric({ name: `predict.p99_ms.${model.name}`, value: predictMs, unit: "ms", better: "lower" }),
      metric({ name: `predict.explain_p99_ms.${model.name}`, value: explainMs, unit: "ms", better: "lower" }),
      metric({
        ...{ name: `predict.explain_ratio.${model.name}`, value: explainMs / predictMs, unit: "ratio" },
        ...{ peer: "p99 of Predict in the same run", gate: RATIO_GATE, better: "lower" },
      }),
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Number of different suppliers. */
const SUPPLIERS = 200;

function suppliersOf(names: readonly string[]) {
  const rows = drawRows(SUPPLIERS, "suppliers of the calls");
  return Array.from({ length: SUPPLIERS }, (_, r) => ({
    supplierId: `S_${r}`,
    features: Object.fromEntries(names.map((name, c) => [name, rows[r * FEATURES + c] ?? 0])),
  }));
}
