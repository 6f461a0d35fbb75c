// Measures PredictBatch of ml-service against ONNX Runtime and the explanation kernel on the same rows, without transport.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { openExplainer } from "@bellwether/scoring/model/open-explainer";
import { ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import { RUNTIME } from "@bellwether/scoring/runtime/onnx-session";
import { h2loadVersion } from "./h2load.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { batchTarget, ROWS, TENSOR } from "./serving/batch-request.ts";
import { load, peakMemoryMb, type Target } from "./serving/load.ts";
import { type MlService, startMlService } from "./serving/ml-service.ts";
import { FEATURES, publishServingModel } from "./serving/serving-model.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;
/** Batches in flight on one connection, as a weekly run sends them. */
const IN_FLIGHT = { connections: 1, streams: 2 };
const TURN_MS = 1_000;
const MAX_MEMORY_MB = 250;

export const bench: Bench = async ({ log }) => {
  const reason = reasonNotToMeasure();
  if (reason !== undefined) return unmeasured(reason);
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-batch-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(root, { recursive: true, force: true }));
  log("training a model of 100 trees of depth 6, with 16 features");
  const { onnx, bundleJson } = await publishServingModel(root, false);
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const explainer = await openExplainer(onnx, parseFeatureBundle(bundleJson));
  if (explainer === null) throw new Error("the model has no explanation");
  const name = session.inputNames[0] ?? "input";
  const runtime = () => session.run({ [name]: new ort.Tensor("float32", TENSOR, [ROWS, FEATURES.length]) });
  const both = async (): Promise<void> => {
    await runtime();
    explainer.explain(TENSOR, ROWS);
  };
  await using ml = await startMlService(root, { SCORING_THREADS: "1" });
  const predict = await batchTarget("PredictBatch", ml, {});
  const explain = await batchTarget("PredictBatch with contributions", ml, { withContributions: true });
  const predicted = await compare("batch.predict", predict, runtime, log);
  const explained = await compare("batch.explain", explain, both, log);
  return [
    metric({
      ...{ name: "batch.predict", value: median(predicted.map(({ ratio }) => ratio)), unit: "ratio" },
      ...{ peer: `${RUNTIME}, one thread`, gate: 0.7, stretch: 0.8, better: "higher" },
    }),
    metric({
      ...{ name: "batch.explain", value: median(explained.map(({ ratio }) => ratio)), unit: "ratio" },
      ...{
        peer: `${RUNTIME}, then kernel ${explainer.kernel}, one thread`,
        gate: 0.75,
        stretch: 0.85,
        better: "higher",
      },
    }),
    rows("batch.predict_rows", predicted),
    rows("batch.explain_rows", explained),
    ...(await measureWithText(log)),
  ];
};

interface Round {
  readonly rowsPerSecond: number;
  readonly ratio: number;
}

const rows = (name: string, rounds: readonly Round[]): Metric =>
  metric({ name, value: median(rounds.map((round) => round.rowsPerSecond)), unit: "rows/s", better: "higher" });

/** Measures the service and the reference in turns. */
async function compare(
  name: string,
  target: Target,
  reference: () => Promise<unknown>,
  log: (line: string) => void,
): Promise<Round[]> {
  await load(target, IN_FLIGHT, 4);
  await rowsPerSecondOf(reference);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await rowsPerSecondOf(reference);
    const { callsPerSecond } = await load(target, IN_FLIGHT);
    const theirs = (before + (await rowsPerSecondOf(reference))) / 2;
    const rowsPerSecond = callsPerSecond * ROWS;
    rounds.push({ rowsPerSecond, ratio: rowsPerSecond / theirs });
    log(
      `${name} ${round + 1}/${ROUNDS}: reference ${Math.round(theirs)} rows/s, PredictBatch ${Math.round(rowsPerSecond)}`,
    );
  }
  return rounds;
}

async function rowsPerSecondOf(run: () => Promise<unknown>): Promise<number> {
  await run();
  const start = performance.now();
  let times = 0;
  while (performance.now() - start < TURN_MS) {
    await run();
    times++;
  }
  return (times * ROWS) / ((performance.now() - start) / 1_000);
}

/** Reports the speed with 200 characters of text per row, and the peak memory under single calls and batches together. */
async function measureWithText(log: (line: string) => void): Promise<Metric[]> {
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-batch-text-"));
  try {
    log("training the same model with a text");
    await publishServingModel(root, true);
    await using ml = await startMlService(root, { SCORING_THREADS: "2" });
    const options = { withContributions: true, textCharacters: 200 };
    const target = await batchTarget("PredictBatch with texts", ml, options);
    await load(target, IN_FLIGHT, 4);
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rates.push((await load(target, IN_FLIGHT)).callsPerSecond * ROWS);
    return [
      metric({
        ...{ name: "batch.explain_text_rows", value: median(rates), unit: "rows/s, 200 characters of text, 2 threads" },
        better: "higher",
      }),
      metric({
        ...{ name: "batch.peak_rss_mb", value: await peakMemoryUnderLoad(ml, target), unit: "MB, two threads" },
        ...{ gate: MAX_MEMORY_MB, stretch: 180, better: "lower" },
      }),
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Loads the service with batches on four connections. Returns its peak memory since its start. */
async function peakMemoryUnderLoad(ml: MlService, target: Target): Promise<number> {
  await load(target, { connections: 4, streams: 2 }, 8);
  return await peakMemoryMb(ml.pid);
}

function reasonNotToMeasure(): string | undefined {
  if (h2loadVersion() === undefined) return "h2load is not installed (Debian: nghttp2-client)";
  return os.availableParallelism() < 2 ? "service and load need a core each" : undefined;
}

const unmeasured = (reason: string): Metric[] =>
  ["batch.predict", "batch.explain"].map((name) =>
    metric({ name, value: null, unit: "ratio", better: "higher", reason }),
  );
