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

/** Name of a warning's code in flat JSON; the number of a code that this release does not know. */
const warningName = (code: WarningCode): string => WARNING_NAMES.get(code) ?? String(code);

/** What came with a plain HTTP request: its JSON body. */
interface FlatInput {
  readonly body: unknown;
}

/**
 * The monolith's `POST /predict`: flat JSON both ways. ml-service answers it, ops-service passes it on.
 * Options of mesh's `restRoute`.
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

/** The monolith's `POST /explain`: flat JSON in, one ExplainResponse a line out, with its narrative. */
export const EXPLAIN_ROUTE = {
  verb: "POST",
  path: "/explain",
  rpc: InferenceService.method.explain,
  toRequest: ({ body }: FlatInput) => ({ supplier: { ...flatSupplier(body) }, withNarrative: true }),
  toJson: (message: ExplainResponse): JsonValue =>
    explainLine(toJson(ExplainResponseSchema, message, { useProtoFieldName: true })),
  reword: flatText,
} as const;
