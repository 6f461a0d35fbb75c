import { EXPLAIN_ROUTE, PREDICT_ROUTE } from "@bellwether/contract/inference-routes";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";

/** The monolith's paths: `POST /predict` with flat JSON both ways, `POST /explain` with one ExplainResponse a line. */
export const REST_ROUTES: readonly RestRoute[] = [restRoute(PREDICT_ROUTE), restRoute(EXPLAIN_ROUTE)];
