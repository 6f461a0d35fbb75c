import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import type { Background } from "../rows/background.ts";
import type { SourceModel } from "../source/source-model.ts";
import type { ExpectedAnswers } from "./expected-answers.ts";
import {
  type MergedThresholds,
  type MovedRange,
  mergedThresholds,
  mergesTooMany,
  movedRanges,
  rowChangedByRounding,
  rowsBetween,
} from "./float32-thresholds.ts";

const WAY_OUT =
  "a float32 cannot tell such numbers apart: train on smaller ones (days since a date instead of seconds since 1970, an amount in thousands)";

/** Maximum share of a column's training range that rounding may move to the other side of a threshold. */
const MAX_MOVED = 0.01;
/** Share from which the model card has a line about it. */
const NAMED_SHARE = 1e-3;

/**
 * Checks that rounding rows to float32 does not change the scores of a model whose thresholds are doubles. It
 * checks rows between thresholds that became the same float32, the background rows and the expected rows.
 * @param rows Check rows, float32 `[n × features]`.
 * @returns Lines for the model card about thresholds that merged without changing a score.
 * @throws ImportRejectedError when more than 1 % of a column's thresholds merged, or the score of a row changes.
 */
export function checkRounding(
  source: SourceModel,
  rows: Float32Array,
  background: Background | null,
  expected: ExpectedAnswers | null,
): string[] {
  const { model } = source;
  const merged = mergedThresholds(model);
  const tooMany = merged.find(mergesTooMany);
  if (tooMany !== undefined) throw rejected(`${describe(source, tooMany)}; ${WAY_OUT}`);
  if (rowChangedByRounding(model, rowsBetween(rows, model.features, merged)) !== null) {
    const [first] = merged;
    const which = first === undefined ? "" : describe(source, first);
    throw rejected(`${which}, and rows between them get another score than from their trainer; ${WAY_OUT}`);
  }
  const moved = movedRanges(model, source.ranges).filter(({ share }) => share > NAMED_SHARE);
  const tooFar = moved.find(({ share }) => share > MAX_MOVED);
  if (tooFar !== undefined) throw rejected(`${describeMoved(source, tooFar)}; ${WAY_OUT}`);
  rejectChanged(source, background?.exact, "background");
  rejectChanged(source, expected?.rows, "expected");
  return [
    ...merged.map((column) => `${describe(source, column)}; no score changes by it`),
    ...moved.map(
      (column) => `${describeMoved(source, column)}; such rows may get another score than from their trainer`,
    ),
  ];
}

function rejectChanged({ model, columns }: SourceModel, rows: Float64Array | undefined, what: string): void {
  const row = rows === undefined ? null : rowChangedByRounding(model, rows);
  if (row === null) return;
  const names = columns.slice(0, 5).map((column) => column.name);
  throw rejected(
    `the score of ${what} row ${row + 1} changes when its numbers (${names.join(", ")}) are rounded to float32; ${WAY_OUT}`,
  );
}

function describe({ columns }: SourceModel, { column, thresholds, merged, pairs }: MergedThresholds): string {
  const example = pairs[0] === undefined ? "" : ` (for example ${pairs[0].join(" and ")})`;
  return `column ${columns[column]?.name.slice(0, 80)}: ${merged} of ${thresholds} thresholds are the same float32 as another${example}`;
}

function describeMoved({ columns }: SourceModel, { column, range, share, between }: MovedRange): string {
  const percent = Number(Math.min(100, 100 * share).toPrecision(2));
  return `column ${columns[column]?.name.slice(0, 80)}: float32 moves ${percent} % of its training range ${range.join(" to ")} to the other side of a threshold (for example numbers between ${between.join(" and ")})`;
}

const rejected = (reason: string): ImportRejectedError => new ImportRejectedError("unsupported", reason);
