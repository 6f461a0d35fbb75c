import { countText } from "@bellwether/reasons/count-text";
import type { BundleFeature, FeatureBundle, GoldenRow } from "@bellwether/risk-model/bundle/feature-bundle";
import { type ImportanceRows, spreadRows } from "@bellwether/risk-model/importance/importance";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import { parseTable, type ValueTable } from "@bellwether/risk-model/tables/value-table";
import { GOLDEN_ROWS } from "@bellwether/risk-model/training/golden-rows";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { writeOnnxClassProbability } from "@bellwether/tree-model/onnx/write/class-probability";
import { writeOnnxTreeModelWithSets } from "@bellwether/tree-model/onnx/write/set-chains";
import { ImportRejectedError, type RejectionKind } from "@bellwether/tree-model/trees/import-rejected-error";
import {
  type Agreement,
  agrees,
  measureAgreement,
  pickColumn,
  predictionScales,
  predictRows,
} from "./checks/agreement.ts";
import { checkRounding } from "./checks/check-rounding.ts";
import { type DirectionViolation, sweepDirections, violationLine } from "./checks/direction-sweep.ts";
import {
  checkTrainer,
  type ExpectedAnswers,
  ExpectedError,
  readExpected,
  type TrainerComparison,
} from "./checks/expected-answers.ts";
import { chooseExplanation, DEFAULT_BANDS, type DeclaredFeature, importedBundle } from "./result/imported-bundle.ts";
import { renderImportedCard } from "./result/imported-card.ts";
import { chooseServedOutput, renameRiskClass, type ServedOutput } from "./result/served-output.ts";
import { type Background, BackgroundError, readBackground } from "./rows/background.ts";
import { type ColumnRules, checkRows } from "./rows/check-rows.ts";
import { probeInputs, probeRules } from "./rows/probe-inputs.ts";
import type { RunOnnx } from "./rows/run-onnx.ts";
import { profileTrainingRows, type TrainingRows, TrainingRowsError } from "./rows/training-rows.ts";
import type { ModelFormat } from "./source/detect-format.ts";
import { readSourceModel, rowRounding, type SourceModel } from "./source/source-model.ts";

/** Input of an import. */
export interface ImportTask {
  readonly bytes: Uint8Array;
  readonly modelName: string;
  /** Background rows like those that the model will score, or a CSV or JSON lines file of them; null: none. */
  readonly background: Uint8Array | ValueTable | null;
  /** Rows with the trainer's own outputs, or a CSV or JSON lines file of them; null or unset: none. */
  readonly expected?: Uint8Array | ValueTable | null;
  /** Rows on which the model was trained, or a sample of them, or a CSV or JSON lines file of them; null or unset: none. */
  readonly training?: Uint8Array | ValueTable | null;
  /** Class (or number of the target) that is the risk; null: the last. */
  readonly riskClass: string | null;
  /** Units and directions of features, by name. Unset: they are unknown. */
  readonly declared?: readonly DeclaredFeature[];
  /** Score bands. Unset: high from 0.7, medium from 0.4. */
  readonly bands?: FeatureBundle["bands"];
  /** Name under which the risk class is published; unset: its name in the file. */
  readonly riskName?: string;
  readonly runOnnx: RunOnnx;
}

/**
 * A model that can be published. `onnx` is written anew from the canonical trees, so the imported file itself
 * is never served.
 */
export interface ImportedModel {
  readonly status: "imported";
  readonly format: ModelFormat;
  readonly producer: string;
  readonly agreement: Agreement;
  /** Null when the model was not compared with its trainer. */
  readonly trainer: TrainerComparison | null;
  readonly source: SourceModel;
  readonly bundle: FeatureBundle;
  readonly bundleJson: string;
  readonly onnx: Uint8Array;
  readonly modelCard: string;
  readonly notes: readonly string[];
  /** Features that move the output against their declared direction; empty when no direction is declared. */
  readonly violations: readonly DirectionViolation[];
  /** The training rows whose distributions are in the bundle; null without training rows. */
  readonly training: Omit<TrainingRows, "profile"> | null;
  /** One line about the training rows. */
  readonly trainingText: string;
  /** The background rows, from which the importance of the features is computed; null without background rows. */
  readonly importanceRows: ImportanceRows | null;
}

/** The file is not imported. The reason is a sentence for the person who imports it. */
export interface RejectedModel {
  readonly status: "rejected";
  readonly kind: RejectionKind;
  readonly reason: string;
  /** Null unless both evaluations ran. */
  readonly agreement: Agreement | null;
}

/**
 * Converts a model file of another trainer to a model of this project: reads and checks it, compares it with
 * ONNX Runtime on random, threshold, missing and infinite rows, writes it anew, and compares the written file
 * again.
 * @throws BackgroundError, ExpectedError, TrainingRowsError when the given rows do not fit the model. A rejected file is a result, not an error.
 */
export async function importModel(task: ImportTask): Promise<ImportedModel | RejectedModel> {
  try {
    const source = readSourceModel(task.bytes);
    const background = orThrow(BackgroundError, () => {
      const table = tableOf(task.background);
      return table && readBackground(table, source.columns, source.hasNames, rowRounding(source.model));
    });
    const expected = orThrow(ExpectedError, () => {
      const table = tableOf(task.expected ?? null);
      return table && readExpected(table, source);
    });
    const training = orThrow(TrainingRowsError, () => {
      const table = tableOf(task.training ?? null);
      return table && profileTrainingRows(table, source.columns, source.hasNames);
    });
    return await importSource(task, source, { background, expected, training });
  } catch (error) {
    if (!(error instanceof ImportRejectedError)) throw error;
    return { status: "rejected", kind: error.kind, reason: error.message, agreement: null };
  }
}

const tableOf = (given: Uint8Array | ValueTable | null): ValueTable | null =>
  given instanceof Uint8Array ? parseTable(given) : given;

/** Reads a table. A TableError is thrown as the error class of that input. */
function orThrow<T>(
  Failure: typeof BackgroundError | typeof ExpectedError | typeof TrainingRowsError,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TableError) throw new Failure(error.message);
    throw error;
  }
}

async function importSource(
  task: ImportTask,
  source: SourceModel,
  {
    background,
    expected,
    training,
  }: {
    readonly background: Background | null;
    readonly expected: ExpectedAnswers | null;
    readonly training: TrainingRows | null;
  },
): Promise<ImportedModel | RejectedModel> {
  if (source.model.trees.length === 0)
    throw new ImportRejectedError(
      "unsupported",
      "the model has no trees (0 boosting rounds): every row has the same output",
    );
  const rules: ColumnRules =
    source.probe === null
      ? { whole: source.categorical, oneOf: [], among: new Map() }
      : probeRules(source.probe, source.columns);
  const rows = checkRows(source.model, rules);
  const original = await checkOriginal(source, rows, task.runOnnx);
  if (original !== null && !agrees(original)) return disagreement(original, "the file");
  const roundingNotes = checkRounding(source, rows, background, expected);
  const trainer = expected && checkTrainer(source, expected, task.riskClass);
  const served = renameRiskClass(chooseServedOutput(source, task.riskClass), task.riskName);
  const onnx = writeServed(served);
  const run = writtenRunner(onnx, task.runOnnx);
  const written = await checkWritten(served, rows, run);
  if (!agrees(written)) return disagreement(written, "the model written from it");
  const explanation = chooseExplanation(served, background);
  const bundleWithout = importedBundle({
    modelName: task.modelName,
    columns: source.columns,
    names: background?.names ?? source.columns.map((column) => column.name),
    served,
    background,
    declared: task.declared ?? [],
    bands: task.bands ?? DEFAULT_BANDS,
    explanation,
    golden: await recordGolden(source.model.features, rows, run),
  });
  const bundle = training === null ? bundleWithout : { ...bundleWithout, trainingProfile: training.profile };
  const agreement = worse(original ?? written, written);
  const violations = sweepDirections(
    served.model,
    served.classColumn,
    background?.rows ?? rows,
    bundle.features,
    bundle.columns,
  );
  const notes = [
    ...source.notes,
    ...roundingNotes,
    ...served.notes,
    ...declaredNotes(task.declared ?? [], bundle.features),
    ...violations.map(violationLine),
  ];
  return {
    status: "imported",
    format: source.format,
    producer: source.producer,
    agreement,
    trainer,
    source,
    bundle,
    bundleJson: `${JSON.stringify(bundle)}\n`,
    onnx,
    modelCard: renderImportedCard(bundle, source, { agreement, trainer, notes, training: trainingLine(training) }),
    notes,
    violations,
    trainingText: trainingLine(training),
    training: training && { count: training.count, given: training.given, coded: training.coded },
    importanceRows: background && importanceRows(background, source.model.features),
  };
}

/** Says with what the weekly runs of the model are compared. */
function trainingLine(training: TrainingRows | null): string {
  if (training === null)
    return "no training profile: weekly runs of this model are compared only with the week before; import it again with --training ROWS to compare them with its training data too";
  const { count, given, coded } = training;
  const sampled = count < given ? `${count} of ${countText(given, "row")}` : countText(given, "row");
  const without =
    coded.length === 0 ? "" : `; without ${coded.slice(0, 8).join(", ")}, whose values are codes of categories`;
  return `training profile of ${sampled} given at import, without scores: weekly runs are compared with it${without}`;
}

function importanceRows({ rows, count }: Background, columns: number): ImportanceRows {
  const chosen = spreadRows(count);
  const values = new Float32Array(chosen.length * columns);
  for (const [i, row] of chosen.entries()) values.set(rows.subarray(row * columns, (row + 1) * columns), i * columns);
  return { values, count: chosen.length, text: `${chosen.length} background rows given at import` };
}

/**
 * Returns the declared features that the model does not have. Without this check a misspelt name would
 * silently declare nothing.
 */
function declaredNotes(declared: readonly DeclaredFeature[], features: readonly BundleFeature[]): string[] {
  const unknown = declared.filter(({ name }) => !features.some((feature) => feature.name === name));
  return unknown.length === 0
    ? []
    : [`declared in the configuration, but no feature of the model: ${unknown.map(({ name }) => name).join(", ")}`];
}

async function checkOriginal(source: SourceModel, rows: Float32Array, runOnnx: RunOnnx): Promise<Agreement | null> {
  const { probe, model, columns } = source;
  if (probe === null) return null;
  const count = rows.length / model.features;
  const inputs = probeInputs(probe, columns, rows);
  const theirs = await runOrReject(() => runOnnx(probe.bytes, count, inputs, probe.output));
  const answers = pickColumn(theirs, probe.outputColumns, probe.outputColumn);
  return measureAgreement(count, predictRows(model, rows), answers, predictionScales(model, null));
}

function writeServed({ model, classColumn }: ServedOutput): Uint8Array {
  return classColumn === null ? writeOnnxTreeModelWithSets(model) : writeOnnxClassProbability(model, classColumn);
}

/** Runs row-major rows `[count × features]` through the written file; returns one output per row. */
type RunWritten = (rows: Float32Array, count: number) => Promise<ArrayLike<number>>;

/** @throws ImportRejectedError when the written file cannot be read back. */
function writtenRunner(onnx: Uint8Array, runOnnx: RunOnnx): RunWritten {
  const { model, inputName, outputName } = readOnnxTreeModel(onnx);
  return (values, count) => {
    const data = { type: "float32", values } as const;
    return runOrReject(() => runOnnx(onnx, count, [{ name: inputName, columns: model.features, data }], outputName));
  };
}

/**
 * Compares the runtime's outputs of the written file with those of the model that it was written from. When
 * the written file returns sums, it applies no link function, because the bundle holds the link function.
 */
async function checkWritten(
  { model, classColumn }: ServedOutput,
  rows: Float32Array,
  run: RunWritten,
): Promise<Agreement> {
  const written = classColumn === null ? { ...model, link: "identity" as const } : model;
  const ours = pickColumn(predictRows(written, rows), model.outputs, classColumn);
  const count = rows.length / model.features;
  const scales = predictionScales(written, classColumn);
  return measureAgreement(count, ours, Float64Array.from(await run(rows, count)), scales);
}

async function runOrReject(run: () => Promise<ArrayLike<number>>): Promise<ArrayLike<number>> {
  try {
    return await run();
  } catch (error) {
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new ImportRejectedError("malformed", `ONNX Runtime cannot run it: ${message.slice(0, 200)}`);
  }
}

/**
 * Returns rows for which the outputs of a loaded model must be bit-identical: spread over the check rows,
 * without infinite values.
 */
async function recordGolden(features: number, rows: Float32Array, run: RunWritten): Promise<GoldenRow[]> {
  const usable = Array.from({ length: rows.length / features }, (_, at) =>
    rows.subarray(at * features, (at + 1) * features),
  ).filter((row) => row.every((x) => Math.abs(x) !== Number.POSITIVE_INFINITY));
  const count = Math.min(GOLDEN_ROWS, usable.length);
  const chosen = Array.from({ length: count }, (_, at) => usable[Math.floor((at * usable.length) / count)]);
  const flat = new Float32Array(count * features);
  for (const [at, row] of chosen.entries()) flat.set(row, at * features);
  const outputs = await run(flat, count);
  if (outputs.length !== count)
    throw new ImportRejectedError("malformed", `ONNX Runtime gave ${outputs.length} outputs for ${count} rows`);
  return chosen.map((row, at) => {
    return { row: Array.from(row, (x) => (Number.isNaN(x) ? null : x)), output: outputs[at] };
  });
}

function worse(one: Agreement, other: Agreement): Agreement {
  return one.maxRelativeDifference > other.maxRelativeDifference ? one : other;
}

function disagreement(agreement: Agreement, what: string): RejectedModel {
  const difference = agreement.maxRelativeDifference.toExponential(1);
  const reason = `ONNX Runtime and our own evaluation of ${what} differ by ${difference} on the same rows, so the model would not be explained truthfully`;
  return { status: "rejected", kind: "disagrees", reason, agreement };
}
