import { MAX_BATCH_REQUEST_BYTES } from "@bellwether/contract/limits";
import {
  type PredictBatchResponse,
  PredictBatchResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { create } from "@bufbuild/protobuf";

/** Consecutive rows `[from, to)`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Maximum number of bytes of texts in one PredictBatch. The other columns of a chunk need the rest of the
 * request.
 */
export const MAX_TEXT_BYTES = 0.75 * MAX_BATCH_REQUEST_BYTES;

/**
 * Divides a chunk into ranges whose texts fit into one call each. A single text always fits: its own limit is
 * lower.
 */
export function callRanges(
  { rows, texts }: Pick<SnapshotChunk, "rows" | "texts">,
  maxBytes = MAX_TEXT_BYTES,
): RowRange[] {
  const ranges: RowRange[] = [];
  let [from, bytes] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const more = Buffer.byteLength(texts?.[row] ?? "");
    if (row > from && bytes + more > maxBytes) {
      ranges.push({ from, to: row });
      [from, bytes] = [row, 0];
    }
    bytes += more;
  }
  return [...ranges, { from, to: rows }];
}

/** Returns the feature columns of a range of rows. */
export function sliceRows(chunk: SnapshotChunk, { from, to }: RowRange): SnapshotChunk {
  if (from === 0 && to === chunk.rows) return chunk;
  return {
    ...chunk,
    rows: to - from,
    supplierIds: chunk.supplierIds.slice(from, to),
    numbers: new Map([...chunk.numbers].map(([name, column]) => [name, column.subarray(from, to)])),
    categories: new Map([...chunk.categories].map(([name, column]) => [name, column.slice(from, to)])),
    texts: chunk.texts?.slice(from, to) ?? null,
  };
}

/**
 * Joins the answers to the parts of a chunk, in their order. All parts are scored by the same model version.
 */
export function joinAnswers(
  ranges: readonly RowRange[],
  answers: readonly PredictBatchResponse[],
): PredictBatchResponse {
  const [first] = answers;
  if (first === undefined || answers.length === 1) return first ?? create(PredictBatchResponseSchema);
  const joined = (column: (answer: PredictBatchResponse) => Uint8Array) =>
    new Uint8Array(Buffer.concat(answers.map(column)));
  return create(PredictBatchResponseSchema, {
    ...first,
    riskScores: joined((answer) => answer.riskScores),
    bands: joined((answer) => answer.bands),
    contributions: joined((answer) => answer.contributions),
    margins: joined((answer) => answer.margins),
    missingCounts: joined((answer) => answer.missingCounts),
    termWeights: joined((answer) => answer.termWeights),
    violations: answers.flatMap(({ violations }, i) =>
      violations.map((violation) => ({ ...violation, row: violation.row + (ranges[i]?.from ?? 0) })),
    ),
  });
}
