import { TableError } from "@bellwether/risk-model/tables/table-error";
import { numberOfCell, type ValueTable } from "@bellwether/risk-model/tables/value-table";
import { applyLinkToRows } from "@bellwether/tree-model/trees/apply-link";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import { readModelRows } from "../rows/model-rows.ts";
import { rowRounding, type SourceModel } from "../source/source-model.ts";
import { relativeDifference } from "./agreement.ts";

/** The rows with the trainer's outputs cannot be used for this model. The message states what to change. */
export class ExpectedError extends Error {
  override readonly name = "ExpectedError" as const;
}

/** Rows with the outputs that the trainer itself computed for them. */
export interface ExpectedAnswers {
  /** Row-major doubles `[count × columns]`, NaN = missing. */
  readonly rows: Float64Array;
  readonly count: number;
  /** `[count × width]`, row-major. */
  readonly answers: Float64Array;
  /** Number of outputs per row: 1, or one for each class or target. */
  readonly width: number;
  /** Names of the table's columns that were read as the trainer's outputs. */
  readonly names: readonly string[];
  /** Names of the table's columns that were not read because they only number the rows. */
  readonly skipped: readonly string[];
}

/** Comparison of a model's outputs with those of its trainer. */
export interface TrainerComparison {
  readonly rows: number;
  /** Meaning of the trainer's numbers: the model's prediction, or the trees' sum before the link function. */
  readonly compared: "prediction" | "margin";
  readonly maxRelativeDifference: number;
  /** Number of rows beyond the tolerance; 0 when the model agrees with its trainer. */
  readonly differing: number;
  /** The row with the largest difference, counted from 1, with both outputs. */
  readonly worst: { readonly row: number; readonly trainer: number; readonly model: number };
  /** Columns that were read as the trainer's outputs. */
  readonly answers: readonly string[];
  /** Columns that were not read because they only number the rows. */
  readonly skipped: readonly string[];
}

/** Maximum difference from the trainer's outputs that rounding can explain. */
const TOLERANCE = 1e-5;

/**
 * Reads the rows and the trainer's outputs. Every column that is not a column of the model is an output,
 * except an index that pandas wrote. A single output column is the prediction of the last class (or the
 * number of a regressor). If the number of output columns equals the number of classes or targets of the
 * model, they belong to these in their order.
 * @throws TableError for other columns, no output or a wrong number of outputs, outputs that are not finite numbers.
 */
export function readExpected(table: ValueTable, source: SourceModel): ExpectedAnswers {
  const { columns, hasNames, classes, model } = source;
  const { rows, count, others, skipped } = readModelRows(table, columns, hasNames, "some");
  const outputs = classes?.length ?? model.outputs;
  const names = others.map((place) => table.header[place]);
  const shown = columnsText(names);
  if (others.length !== 1 && others.length !== outputs) {
    const due = outputs === 1 ? "one column" : `one column, or ${outputs}`;
    const found = others.length === 0 ? "it has none" : `it has ${others.length}: ${shown}`;
    throw new TableError(
      `besides the model's columns the table needs ${due} with the trainer's outputs; ${found}${skippedText(skipped)}`,
    );
  }
  const answers = new Float64Array(count * others.length);
  for (const [r, record] of table.records.entries()) {
    for (const [k, place] of others.entries()) {
      const cell = record[place];
      const value = numberOfCell(cell);
      if (!Number.isFinite(value)) {
        const name = table.header[place].slice(0, 80);
        throw new TableError(
          `row ${r + table.firstRow}, column ${name}: "${String(cell ?? "").slice(0, 40)}" is not an output of a trainer; send a finite number`,
        );
      }
      answers[r * others.length + k] = value;
    }
  }
  return { rows, count, answers, width: others.length, names, skipped };
}

/** Returns names of columns for an error or a report, in at most 200 characters. */
export function columnsText(names: readonly string[]): string {
  return names
    .map((name) => (name === "" ? '""' : name))
    .join(", ")
    .slice(0, 200);
}

/** Returns a clause that names the columns that were not read because they only number the rows. */
export function skippedText(skipped: readonly string[]): string {
  return skipped.length === 0 ? "" : `; not read, it numbers the rows: ${columnsText(skipped)}`;
}

/**
 * Compares a model with its trainer's outputs, both as predictions and as sums before the link function, and
 * returns the better match.
 * @param riskClass Class or target of the trainer's outputs when they have a single column; null: the last.
 */
export function compareWithTrainer(
  source: SourceModel,
  expected: ExpectedAnswers,
  riskClass: string | null,
): TrainerComparison {
  const { model, classes } = source;
  const rows = Float32Array.from(expected.rows, rowRounding(model));
  const margins = evaluateRows(model, rows);
  const predictions = applyLinkToRows(model.link, margins.slice(), model.outputs);
  const names = classes ?? Array.from({ length: model.outputs }, (_, k) => String(k));
  const wanted = riskClass === null ? -1 : names.indexOf(riskClass);
  const single = wanted < 0 ? names.length - 1 : wanted;
  const scales = outputScales(model);
  const compare = (compared: "prediction" | "margin"): TrainerComparison => {
    const link = compared === "margin" ? "identity" : model.link;
    const ours = compared === "margin" ? margins : predictions;
    const isProbability = compared === "prediction" && classes !== null;
    const answerOf = (row: number, name: number): number => {
      if (model.outputs === names.length) return ours[row * model.outputs + name];
      // A model of two classes may have one output, that of the second class.
      const second = ours[row];
      if (name === 1) return second;
      return isProbability && (link === "logistic" || isShare(second)) ? 1 - second : -second;
    };
    let differing = 0;
    let worst = { row: 1, trainer: expected.answers[0], model: answerOf(0, single) };
    let largest = -1;
    for (let row = 0; row < expected.count; row++) {
      let differs = false;
      for (let k = 0; k < expected.width; k++) {
        const name = expected.width === 1 ? single : k;
        const trainer = expected.answers[row * expected.width + k];
        const answer = answerOf(row, name);
        const outputs = scales.slice(model.outputs === names.length ? name : 0).slice(0, 1);
        const difference = relativeDifference(answer, trainer, { link, outputs }, 0);
        differs ||= difference > TOLERANCE;
        if (difference > largest) {
          largest = difference;
          worst = { row: row + 1, trainer, model: answer };
        }
      }
      if (differs) differing += 1;
    }
    const { names: answers, skipped } = expected;
    return { rows: expected.count, compared, maxRelativeDifference: largest, differing, worst, answers, skipped };
  };
  const asPrediction = compare("prediction");
  if (asPrediction.differing === 0 || model.link === "identity") return asPrediction;
  const asMargin = compare("margin");
  return asMargin.differing === 0 ? asMargin : asPrediction;
}

/**
 * Compares a model with its trainer's outputs.
 * @throws ImportRejectedError when they differ by more than rounding.
 */
export function checkTrainer(
  source: SourceModel,
  expected: ExpectedAnswers,
  riskClass: string | null,
): TrainerComparison {
  const comparison = compareWithTrainer(source, expected, riskClass);
  if (comparison.differing === 0) return comparison;
  const { differing, rows, worst, answers, skipped } = comparison;
  const shown = (value: number): string => String(Number(value.toPrecision(7)));
  const who = source.probe === null ? "the file" : `the file, in ONNX Runtime too,`;
  const cause =
    source.probe === null
      ? "are they of this model, and predictions of all its trees?"
      : `the converter (${source.producer || "not named"}) changed the model, or the rows are another model's; if the trainer is XGBoost or LightGBM, import its own file`;
  throw new ImportRejectedError(
    "misconverted",
    `${differing} of ${rows} expected rows differ from what ${who} answers, by up to ${comparison.maxRelativeDifference.toExponential(1)}; most in row ${worst.row}: the trainer gave ${shown(worst.trainer)}, the file gives ${shown(worst.model)}; ${cause}; taken as the trainer's answers: ${columnsText(answers)}${skippedText(skipped)}`,
  );
}

const isShare = (value: number): boolean => value >= -1e-4 && value <= 1 + 1e-4;
