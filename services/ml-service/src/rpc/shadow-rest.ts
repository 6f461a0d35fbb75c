import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import {
  GetShadowComparisonResponseSchema,
  ShadowService,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { restRoute } from "@bellwether/mesh/rest/rest-route";

/** `GET /shadow`: what this replica has compared of a model, without the sums. */
export const SHADOW_ROUTE = restRoute({
  verb: "GET",
  path: "/shadow",
  rpc: ShadowService.method.getShadowComparison,
  query: { single: ["model_name"] },
  toRequest: ({ query }) => ({ withSums: false, modelName: query.get("model_name") ?? "" }),
  toJson: (message) => plainJson(GetShadowComparisonResponseSchema, message),
});
