import {
  MAX_BATCH_FEATURES,
  MAX_BATCH_REQUEST_BYTES,
  MAX_CATEGORY_BYTES,
  MAX_FEATURE_CATEGORIES,
  MAX_FEATURE_VALUE_BYTES,
} from "@bellwether/contract/limits";
import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { FeatureKind, type ModelFeature } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { plainText } from "./chunk-to-proto.ts";

/**
 * Maximum number of bytes of values and contributions in one SubmitChunk. The other columns of a chunk need
 * the rest of the request.
 */
const MAX_CHUNK_BYTES = 0.75 * MAX_BATCH_REQUEST_BYTES;

/**
 * Converts the feature values of a chunk for SubmitChunk, row-major. Empty when the features of the model are
 * not known or exceed the limits of the contract: ops-service then stores the scores without values and
 * reports that in its answers.
 */
export function featureValuesToProto(
  chunk: SnapshotChunk,
  features: readonly ModelFeature[],
  contributionBytes: number,
): Pick<MessageInitShape<typeof SubmitChunkRequestSchema>, "features" | "featureValues"> {
  const { rows } = chunk;
  const bytes = rows * features.length * Float32Array.BYTES_PER_ELEMENT;
  const fits = bytes <= MAX_FEATURE_VALUE_BYTES && bytes + contributionBytes <= MAX_CHUNK_BYTES;
  const isDescribed = features.every(
    ({ name, kind }) => KINDS.has(kind) && name !== "" && plainText(name, MAX_CATEGORY_BYTES) === name,
  );
  if (features.length === 0 || features.length > MAX_BATCH_FEATURES || !fits || !isDescribed) return {};
  const sent = features.map(fitToContract);
  const values = new Float32Array(rows * sent.length).fill(Number.NaN);
  for (const [at, feature] of sent.entries()) writeColumn(values, at, sent.length, chunk, feature);
  return { features: sent, featureValues: new Uint8Array(values.buffer) };
}

/**
 * Returns the scores with the term weights, when they and the feature values fit into one SubmitChunk. Without the
 * feature values, ops-service cannot use them. Otherwise it stores the scores without term weights, and says so in its
 * answers.
 */
export function withFittingTerms(scores: PredictBatchResponse, featureValueBytes: number): PredictBatchResponse {
  const { termWeights, contributions } = scores;
  if (termWeights.length === 0) return scores;
  const fits = featureValueBytes + contributions.length + termWeights.length <= MAX_CHUNK_BYTES;
  return fits && featureValueBytes > 0 ? scores : { ...scores, termWeights: new Uint8Array() };
}

const KINDS: ReadonlySet<FeatureKind> = new Set([FeatureKind.NUMERIC, FeatureKind.CATEGORY, FeatureKind.TEXT]);

/**
 * Cuts units, German texts and categories to the contract's lengths. A category beyond the limit of their number is treated
 * as unknown to the model.
 */
function fitToContract({ name, kind, unit, typical, categories, direction, germanName, germanUnit }: ModelFeature) {
  return {
    ...{ name, kind, direction, unit: plainText(unit, MAX_CATEGORY_BYTES) },
    germanName: plainText(germanName, MAX_CATEGORY_BYTES),
    germanUnit: plainText(germanUnit, MAX_CATEGORY_BYTES),
    categories: categories.slice(0, MAX_FEATURE_CATEGORIES).map((category) => plainText(category, MAX_CATEGORY_BYTES)),
    ...(typical !== undefined && Number.isFinite(typical) && { typical }),
  };
}

/** Writes column `at` of `width` columns. A feature that the chunk does not have stays NaN. */
function writeColumn(
  values: Float32Array,
  at: number,
  width: number,
  { rows, numbers, categories, texts }: SnapshotChunk,
  { name, kind, categories: known }: ReturnType<typeof fitToContract>,
): void {
  const [column, labels] = [numbers.get(name), categories.get(name)];
  // A loop for each kind: one loop over a function for the value takes three times as long.
  if (kind === FeatureKind.NUMERIC && column) {
    for (let row = 0, i = at; row < rows; row++, i += width) values[i] = column[row] as number;
  } else if (kind === FeatureKind.TEXT && texts) {
    for (let row = 0, i = at; row < rows; row++, i += width) values[i] = texts[row] ? 1 : Number.NaN;
  } else if (kind === FeatureKind.CATEGORY && labels) {
    const codes = new Map<string | null, number>(known.map((category, code) => [category, code])).set(null, Number.NaN);
    for (let row = 0, i = at; row < rows; row++, i += width) values[i] = codes.get(labels[row] ?? null) ?? known.length;
  }
}
