import { flatScore } from "@bellwether/contract/flat-json/flat-score";
import { flatSupplier } from "@bellwether/contract/flat-json/flat-supplier";
import { flatText } from "@bellwether/contract/flat-json/flat-text";
import {
  ExplainResponseSchema,
  InferenceService,
  type PredictResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type RestInput, type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { type JsonValue, toJson } from "@bufbuild/protobuf";

const BAND_NAMES = new Map<Band, string>(Object.entries(Band).map(([name, code]) => [code, name.toLowerCase()]));

const supplierOf = ({ body }: RestInput) => ({ ...flatSupplier(body) });

const flatResponse = ({ score }: PredictResponse): JsonValue =>
  score ? flatScore(score, BAND_NAMES.get(score.band) ?? "unknown") : null;

/** The monolith's paths: `POST /predict` with flat JSON both ways, `POST /explain` with one ExplainResponse a line. */
export const REST_ROUTES: readonly RestRoute[] = [
  restRoute({
    verb: "POST",
    path: "/predict",
    rpc: InferenceService.method.predict,
    toRequest: (input) => ({ supplier: supplierOf(input) }),
    toJson: flatResponse,
    reword: flatText,
  }),
  restRoute({
    verb: "POST",
    path: "/explain",
    rpc: InferenceService.method.explain,
    toRequest: (input) => ({ supplier: supplierOf(input), withNarrative: true }),
    toJson: (message) => toJson(ExplainResponseSchema, message, { useProtoFieldName: true }),
    reword: flatText,
  }),
];
