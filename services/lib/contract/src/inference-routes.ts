import {
  type ExplainResponse,
  ExplainResponseSchema,
  InferenceService,
  type PredictResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { bandFromNumber } from "./band-codes.ts";
import { explainLine } from "./flat-json/explain-line.ts";
import { flatScore } from "./flat-json/flat-score.ts";
import { flatSupplier } from "./flat-json/flat-supplier.ts";
import { flatText } from "./flat-json/flat-text.ts";

const WARNING_NAMES = new Map<WarningCode, string>(Object.entries(WarningCode).map(([name, code]) => [code, name]));

/**
 * Returns the name of a warning's code in flat JSON; for a code that this release does not know, its number.
 */
const warningName = (code: WarningCode): string => WARNING_NAMES.get(code) ?? String(code);

/** An HTTP request of a REST path. `body` is its parsed JSON body. */
interface FlatInput {
  readonly body: unknown;
}

/**
 * The monolith's `POST /predict`, with flat JSON as request and response. ml-service answers it, ops-service
 * forwards it. The fields are options of mesh's `restRoute`.
 */
export const PREDICT_ROUTE = {
  verb: "POST",
  path: "/predict",
  rpc: InferenceService.method.predict,
  toRequest: ({ body }: FlatInput) => ({ supplier: { ...flatSupplier(body) } }),
  toJson: ({ score }: PredictResponse): JsonValue =>
    score ? flatScore(score, bandFromNumber(score.band) ?? "unknown", warningName) : null,
  reword: flatText,
} as const;

/**
 * The monolith's `POST /explain`: the request is flat JSON; the response has one ExplainResponse per line,
 * with its narrative.
 */
export const EXPLAIN_ROUTE = {
  verb: "POST",
  path: "/explain",
  rpc: InferenceService.method.explain,
  toRequest: ({ body }: FlatInput) => ({ supplier: { ...flatSupplier(body) }, withNarrative: true }),
  toJson: (message: ExplainResponse): JsonValue =>
    explainLine(toJson(ExplainResponseSchema, message, { useProtoFieldName: true })),
  reword: flatText,
} as const;
