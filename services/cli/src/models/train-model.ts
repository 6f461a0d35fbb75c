import { leftOutRows } from "@bellwether/ingest/training/left-out-rows";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { publishTrained } from "@bellwether/scoring/publish/publish-trained";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { startTrainProcess } from "@bellwether/scoring/training/train-process";
import cli from "../../package.json" with { type: "json" };
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { type DataOptions, loadTrainingData } from "../data/training-data.ts";
import { loadWeekData, type WeekOptions } from "../data/week-data.ts";
import { showProgress } from "../output/report.ts";

const PUBLISHED_BY = { setBy: "bellwether train", reason: "trained and published" };
const BUILDER = `bellwether ${cli.version}`;

/** Reads the data, trains, and publishes when `publish` is set. */
export async function train(options: DataOptions & { publish?: boolean }, context: CliContext) {
  const { model, configHash, data } = await loadTrainingData(options, context, { checksFuture: true });
  const trained = await trainRiskModel({
    table: data.table,
    spec: model,
    configHash,
    runOnnx,
    leftOut: leftOutRows(data),
    warnings: data.warnings,
    onTree: (done, total) => showProgress("training", done, total),
    onChoice: (done, total) => showProgress("choosing the trainer", done, total),
  });
  const published = options.publish
    ? await publishTrained(
        registryOf(context),
        { modelName: model.name, configHash, trained, builder: BUILDER, now: new Date() },
        PUBLISHED_BY,
      )
    : null;
  return { model, configHash, data, trained, published };
}

/** Limits of a training from weekly runs. */
export interface TrainLimitOptions {
  /** In MiB. */
  readonly maxMemory: number;
  /** In minutes. */
  readonly timeout: number;
}

/**
 * Trains on the snapshots of weekly runs, in a child process, and publishes when `publish` is set. The child ends with this
 * process.
 * @throws TrainLimitError, TrainKilledError
 */
export async function trainFromWeeks(
  options: WeekOptions & TrainLimitOptions & { readonly publish?: boolean },
  context: CliContext,
) {
  const { model, configHash, data, weeks, lines } = await loadWeekData(options, context, new Date());
  await using child = startTrainProcess();
  const trained = await child.run(
    { table: data.table, spec: model, configHash, leftOut: leftOutRows(data), warnings: data.warnings },
    { maxMemoryBytes: options.maxMemory * 2 ** 20, timeoutMs: options.timeout * 60_000 },
    {
      onProgress: ({ step, done, total }) =>
        showProgress(step === "choosing" ? "choosing the trainer" : "training", done, total),
    },
  );
  const published = options.publish
    ? await publishTrained(
        registryOf(context),
        { modelName: model.name, configHash, trained, explained: trained.explained, builder: BUILDER, now: new Date() },
        PUBLISHED_BY,
      )
    : null;
  return { model, configHash, data, trained, published, fromWeeks: { weeks, lines, usage: trained.usage } };
}
