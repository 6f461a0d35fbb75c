import { EXPLAIN_ROUTE, PREDICT_ROUTE, PREDICT_ROWS_ROUTE } from "@bellwether/contract/inference-routes";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { OPEN_INFERENCE_ROUTES } from "./open-inference/rest-routes.ts";
import { SHADOW_ROUTE } from "./shadow-rest.ts";

/**
 * REST paths of the earlier monolith: `POST /predict` with flat JSON in request and response, `POST /explain`
 * with one ExplainResponse per line.
 */
export const REST_ROUTES: readonly RestRoute[] = [
  restRoute(PREDICT_ROUTE),
  restRoute(PREDICT_ROWS_ROUTE),
  restRoute(EXPLAIN_ROUTE),
  SHADOW_ROUTE,
  ...OPEN_INFERENCE_ROUTES,
];
