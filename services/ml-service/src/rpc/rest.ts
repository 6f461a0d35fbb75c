import {
  ExplainResponseSchema,
  InferenceService,
  type PredictResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type RestInput, type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { flatSupplier } from "@bellwether/scoring/flat-supplier";
import { type JsonValue, toJson } from "@bufbuild/protobuf";

const BAND_NAMES = new Map<Band, string>(Object.entries(Band).map(([name, code]) => [code, name.toLowerCase()]));

const supplierOf = ({ body }: RestInput) => ({ ...flatSupplier(body) });

function flatResponse({ score }: PredictResponse): JsonValue {
  return {
    supplier_id: score?.supplierId ?? "",
    risk_score: score?.riskScore ?? null,
    band: BAND_NAMES.get(score?.band ?? Band.UNKNOWN) ?? "unknown",
    probabilities: Object.fromEntries((score?.classProbabilities ?? []).map((p) => [p.label, p.probability])),
    top_features: (score?.topContributions ?? []).map((c) => ({
      feature: c.feature,
      value: c.value ?? (c.category || null),
      contribution: c.contribution,
    })),
    model_version: score?.model?.version ?? "",
    missing_features: score?.missingFeatures ?? [],
    warnings: (score?.warnings ?? []).map(({ code, feature, message }) => ({ code, feature, message })),
  };
}

/** The monolith's paths: `POST /predict` with flat JSON both ways, `POST /explain` with one ExplainResponse a line. */
export const REST_ROUTES: readonly RestRoute[] = [
  restRoute({
    verb: "POST",
    path: "/predict",
    rpc: InferenceService.method.predict,
    toRequest: (input) => ({ supplier: supplierOf(input) }),
    toJson: flatResponse,
  }),
  restRoute({
    verb: "POST",
    path: "/explain",
    rpc: InferenceService.method.explain,
    toRequest: (input) => ({ supplier: supplierOf(input), withNarrative: true }),
    toJson: (message) => toJson(ExplainResponseSchema, message, { useProtoFieldName: true }),
  }),
];
