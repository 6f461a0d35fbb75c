import type {
  PredictBatchRequest,
  PredictBatchResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { batchField, batchWarnings } from "./batch-from-proto.ts";
import { explanationKindToProto, identityToProto, outputSpaceToProto } from "./score-to-proto.ts";

const bytesOf = (array: Float32Array | Float64Array | Uint16Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Scores of a batch, with violations that can also be about ids and texts. */
export interface AnsweredBatch extends Omit<BatchScores, "violations"> {
  readonly violations: readonly {
    readonly row: number;
    readonly reason: string;
    readonly field: string;
    readonly message: string;
  }[];
}

/** Returns the answer to a batch. The columns are views of the scores, without a copy. */
export function batchToProto(
  request: PredictBatchRequest,
  scores: AnsweredBatch,
  { identity, bundle, vectorizer, explainer }: Pick<ScoringModel, "identity" | "bundle" | "vectorizer" | "explainer">,
): MessageInitShape<typeof PredictBatchResponseSchema> {
  const { contributions, termWeights } = scores;
  return {
    riskScores: bytesOf(scores.riskScores),
    margins: bytesOf(scores.outputs),
    bands: scores.bands,
    missingCounts: bytesOf(scores.missingCounts),
    columnNames: contributions === null ? [] : [...vectorizer.columnNames],
    contributions: contributions === null ? new Uint8Array() : bytesOf(contributions),
    termWeights: termWeights === null ? new Uint8Array() : bytesOf(termWeights),
    baseValue: explainer?.baseValue ?? 0,
    violations: scores.violations.map(({ row, reason, field, message }) => ({
      ...{ row, reason, message, field: batchField(request, field) },
    })),
    model: identityToProto(identity),
    outputSpace: outputSpaceToProto(bundle),
    explanationKind: explanationKindToProto(bundle),
    background: bundle.explanation.background,
    warnings: batchWarnings(request, scores.unknownCategories),
    bandLimits: { medium: bundle.bands.medium, high: bundle.bands.high },
  };
}
