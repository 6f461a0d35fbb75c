import { hash } from "node:crypto";
import {
  type PredictBatchRequest,
  PredictBatchRequestSchema,
  type PredictRowsRequest,
  PredictRowsRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { Score, Supplier } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { isMessage } from "@bufbuild/protobuf";
import { createContextKey } from "@connectrpc/connect";
import { type AuditPayload, scoreBits } from "../../domain/audit-event.ts";

/** What a score was computed from: the model's row, and the bundle that names its columns. */
export interface ScoredRow {
  readonly bundle: Pick<FeatureBundle, "columns">;
  readonly row: Float32Array;
}

/** Key under which a handler leaves the row of the score that it answers, for the audit event of the call. */
export const scoredRowKey = createContextKey<ScoredRow | undefined>(undefined, {
  description: "bellwether scored row",
});

/** Largest input in an event, bytes of JSON. An event has at most 64 KiB. */
const MAX_INPUT_BYTES = 32 * 1024;
/** Names and categories that are within the limit whatever they are: their number, and their length in UTF-16 units. */
const FEW = { names: 96, units: 1_024 };
/** Maximum number of contributions in an event. */
const MAX_CONTRIBUTIONS = 64;

const TOO_LARGE: AuditPayload = { not_kept: "too_large" };

/**
 * Returns the input of a single score as an audit event keeps it, so that the score can be computed again. A text is
 * kept as its hash and as the weights of the model's terms in it.
 */
export function keptSupplier(
  { features, categories, contractText, termWeights }: Supplier,
  scored: ScoredRow | undefined,
): AuditPayload {
  const areSent = Object.keys(termWeights).length > 0;
  const weights = areSent ? termWeights : contractText !== "" && scored ? weightsOf(scored) : undefined;
  const input: AuditPayload = {
    features,
    categories,
    ...(contractText !== "" && { contract_text_sha256: hash("sha256", contractText) }),
    ...(weights && { term_weights: weights }),
  };
  return fits(input, features, categories, weights ?? {}) ? input : TOO_LARGE;
}

/**
 * Returns the weights of the terms in a row. When a text has none of the terms, the first term has the weight 0,
 * because no weights at all would mean that there is no text. Empty: the model has no terms.
 */
function weightsOf({ bundle, row }: ScoredRow): Record<string, number> {
  const weights: Record<string, number> = {};
  let first: string | undefined;
  let count = 0;
  for (let at = 0; at < bundle.columns.length; at++) {
    const column = bundle.columns[at];
    if (column?.kind !== "term") continue;
    first ??= column.term;
    const weight = row[at] as number;
    if (!(weight > 0)) continue;
    weights[column.term] = weight;
    count++;
  }
  if (count === 0 && first !== undefined) weights[first] = 0;
  return weights;
}

/** Whether an input is within the limit. Most inputs are small, and are not encoded for it. */
function fits(
  input: AuditPayload,
  features: Supplier["features"],
  categories: Supplier["categories"],
  weights: Readonly<Record<string, number>>,
): boolean {
  let units = 0;
  for (const name in categories) units += categories[name]?.length ?? 0;
  const names = Object.keys(features).length + Object.keys(categories).length + Object.keys(weights).length;
  if (names <= FEW.names && units <= FEW.units) return true;
  return Buffer.byteLength(JSON.stringify(input)) <= MAX_INPUT_BYTES;
}

/**
 * Returns the input of a batch as an audit event keeps it: the bytes of the request. A batch with a text is not kept,
 * because its texts would be.
 * @param bytes the encoded request
 */
export function keptBatch(request: PredictBatchRequest | PredictRowsRequest, bytes: Uint8Array): AuditPayload {
  const isColumns = isMessage(request, PredictBatchRequestSchema);
  const rows = isColumns ? request.supplierIds.length : request.suppliers.length;
  // The event also has the risk score of each row.
  if (((bytes.length + 8 * rows) / 3) * 4 > MAX_INPUT_BYTES) return TOO_LARGE;
  const hasText = isColumns
    ? request.contractTexts.some((text) => text !== "")
    : request.suppliers.some(({ contractText }) => contractText !== "");
  if (hasText) return { not_kept: "text" };
  const { typeName } = isColumns ? PredictBatchRequestSchema : PredictRowsRequestSchema;
  return { message: typeName, bytes: base64(bytes) };
}

/** Returns what an event keeps of the answer to a batch, beside its digests: the risk scores bit by bit. */
export function keptBatchAnswer(riskScores: Uint8Array, contributions: Uint8Array): AuditPayload {
  return {
    risk_scores: base64(riskScores),
    ...(contributions.length > 0 && { contributions_sha256: hash("sha256", contributions) }),
  };
}

/** Returns what an event keeps of a single score, beside its risk score: each number bit by bit, the largest contributions. */
export function keptScore({ margin, baseValue, topContributions }: Score): AuditPayload {
  const contributions: Record<string, string> = {};
  for (const { feature, contribution } of topContributions.slice(0, MAX_CONTRIBUTIONS))
    contributions[feature] = scoreBits(contribution);
  return {
    ...(margin !== undefined && { margin_bits: scoreBits(margin) }),
    ...(baseValue !== undefined && { base_value_bits: scoreBits(baseValue) }),
    contribution_bits: contributions,
  };
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
