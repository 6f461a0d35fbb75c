import { MAX_CONTRACT_TEXT_BYTES, MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import {
  type PredictBatchRequest,
  PredictBatchRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import { create } from "@bufbuild/protobuf";
import type { AnsweredBatch } from "./batch-to-proto.ts";

/** A row that has no score because of its id or its text. */
export interface InvalidRow {
  readonly row: number;
  readonly reason: "SUPPLIER_ID" | "TEXT_TOO_LONG";
  readonly field: "supplier_ids" | "contract_texts";
  readonly message: string;
}

/** Returns the rows whose id or text `batchFromProto` would reject, in ascending order; of each row the first violation. */
export function findInvalidRows({ supplierIds, contractTexts }: PredictBatchRequest): readonly InvalidRow[] {
  const invalid: InvalidRow[] = [];
  for (const [row, id] of supplierIds.entries()) {
    const text = contractTexts[row] ?? "";
    const violation = idViolation(id);
    if (violation !== undefined)
      invalid.push({ row, reason: "SUPPLIER_ID", field: "supplier_ids", message: `the id ${violation}` });
    else if (text.length * 3 > MAX_CONTRACT_TEXT_BYTES && Buffer.byteLength(text) > MAX_CONTRACT_TEXT_BYTES)
      invalid.push({ row, reason: "TEXT_TOO_LONG", field: "contract_texts", message: "the text has over 1 MiB" });
  }
  return invalid;
}

function idViolation(id: string): string | undefined {
  if (id === "") return `is empty; expected 1 to ${MAX_SUPPLIER_ID_BYTES} bytes`;
  const bytes = id.length * 3 <= MAX_SUPPLIER_ID_BYTES ? id.length : Buffer.byteLength(id);
  if (bytes > MAX_SUPPLIER_ID_BYTES) return `has ${countText(bytes, "byte")}; expected 1 to ${MAX_SUPPLIER_ID_BYTES}`;
  return supplierIdViolation(id);
}

/** Returns the request with a valid id and no text in the invalid rows, whose scores are removed by `withInvalidRows`. */
export function withoutInvalidRows(request: PredictBatchRequest, invalid: readonly InvalidRow[]): PredictBatchRequest {
  if (invalid.length === 0) return request;
  const supplierIds = [...request.supplierIds];
  const contractTexts = [...request.contractTexts];
  for (const { row } of invalid) {
    supplierIds[row] = "invalid";
    if (contractTexts.length > row) contractTexts[row] = "";
  }
  return create(PredictBatchRequestSchema, { ...request, supplierIds, contractTexts });
}

/** Returns the scores without those of the invalid rows, and with their violations. */
export function withInvalidRows(scores: BatchScores, invalid: readonly InvalidRow[]): AnsweredBatch {
  if (invalid.length === 0) return scores;
  const { riskScores, outputs, bands, contributions, termWeights } = scores;
  for (const { row } of invalid) {
    riskScores[row] = Number.NaN;
    outputs[row] = Number.NaN;
    bands[row] = 0;
    clearRow(contributions, row, bands.length, Number.NaN);
    clearRow(termWeights, row, bands.length, 0);
  }
  const rows = new Set(invalid.map(({ row }) => row));
  const violations = [...invalid, ...scores.violations.filter(({ row }) => !rows.has(row))];
  return { ...scores, violations: violations.sort((a, b) => a.row - b.row) };
}

/** Sets all values of one row of a matrix of `rows` rows. */
function clearRow(matrix: Float32Array | null, row: number, rows: number, value: number): void {
  const width = (matrix?.length ?? 0) / rows;
  matrix?.fill(value, row * width, (row + 1) * width);
}
