import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  FindCounterfactualsRequestSchema,
  FindCounterfactualsResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import { ChangeDirection } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  GetSupplierRequestSchema,
  GetSupplierResponseSchema,
  ListSuppliersRequestSchema,
  ListSuppliersResponseSchema,
  SortDirection,
  SupplierOrder,
  SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { QueryError } from "../../domain/ops-error.ts";
import {
  countFromQuery,
  namingParameters,
  PAGE_PARAMETERS,
  pageFromQuery,
  shown,
  textFromQuery,
  valuesFromQuery,
} from "../rest-query.ts";

const CHANGES = {
  up: ChangeDirection.UP,
  down: ChangeDirection.DOWN,
  none: ChangeDirection.NONE,
  unknown: ChangeDirection.UNKNOWN,
};
const ORDERS = {
  impact: SupplierOrder.IMPACT,
  score: SupplierOrder.SCORE,
  change: SupplierOrder.CHANGE,
  exposure: SupplierOrder.EXPOSURE,
  name: SupplierOrder.NAME,
};
const DIRECTIONS = { ascending: SortDirection.ASCENDING, descending: SortDirection.DESCENDING };
const BOOLEANS = { true: true, false: false };

const SINGLE = [
  "model_name",
  "query",
  "has_active_alerts",
  "completeness_below",
  "order_by",
  "direction",
  "iso_week",
  "without_exposure",
  "watchlist_id",
];

/** GET /suppliers: ListSuppliers, with a query parameter for each condition. */
const LIST_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/suppliers",
  rpc: SupplierService.method.listSuppliers,
  query: {
    single: [...PAGE_PARAMETERS, ...SINGLE, "include_facets"],
    repeated: ["band", "region", "category", "change"],
  },
  toRequest: ({ query }) => {
    const value = <V>(name: string, values: Readonly<Record<string, V>>): V | undefined =>
      valuesFromQuery(query, name, values)[0];
    const hasActiveAlerts = value("has_active_alerts", BOOLEANS);
    const completenessBelow = shareFromQuery(query, "completeness_below");
    return {
      ...pageFromQuery(query, ListSuppliersRequestSchema.field.pageSize),
      ...{ modelName: textFromQuery(query, "model_name"), query: textFromQuery(query, "query") },
      ...{ regions: query.getAll("region"), categories: query.getAll("category") },
      bands: valuesFromQuery(query, "band", BAND_NUMBERS),
      changes: valuesFromQuery(query, "change", CHANGES),
      ...(hasActiveAlerts !== undefined && { hasActiveAlerts }),
      ...(completenessBelow !== undefined && { completenessBelow }),
      ...{ isoWeek: textFromQuery(query, "iso_week"), watchlistId: textFromQuery(query, "watchlist_id") },
      withoutExposure: value("without_exposure", BOOLEANS) ?? false,
      orderBy: value("order_by", ORDERS) ?? SupplierOrder.UNSPECIFIED,
      direction: value("direction", DIRECTIONS) ?? SortDirection.UNSPECIFIED,
      includeFacets: value("include_facets", BOOLEANS) ?? false,
    };
  },
  toJson: (message) => plainJson(ListSuppliersResponseSchema, message),
  reword: namingParameters(
    new Map([
      ["bands", "band"],
      ["regions", "region"],
      ["categories", "category"],
      ["changes", "change"],
    ]),
  ),
});

/** GET /supplier: GetSupplier. The id is a parameter, because ids may have slashes. */
const ONE_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/supplier",
  rpc: SupplierService.method.getSupplier,
  query: { single: ["supplier_id", "history_weeks", "model_name"] },
  toRequest: ({ query }) => ({
    ...{ supplierId: textFromQuery(query, "supplier_id"), modelName: textFromQuery(query, "model_name") },
    historyWeeks: countFromQuery(query, "history_weeks", GetSupplierRequestSchema.field.historyWeeks),
  }),
  toJson: (message) => plainJson(GetSupplierResponseSchema, message),
});

const TARGETS = { medium: Band.MEDIUM, low: Band.LOW };

/** GET /supplier/counterfactuals: FindCounterfactuals, with `fixed` as the only limit: others need an object each. */
const COUNTERFACTUALS_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/supplier/counterfactuals",
  rpc: SupplierService.method.findCounterfactuals,
  query: {
    single: ["supplier_id", "iso_week", "model_name", "max_changes", "max_counterfactuals", "target_band"],
    repeated: ["fixed"],
  },
  toRequest: ({ query }) => {
    const { maxChanges, maxCounterfactuals } = FindCounterfactualsRequestSchema.field;
    const [targetBand] = valuesFromQuery(query, "target_band", TARGETS);
    return {
      ...{ supplierId: textFromQuery(query, "supplier_id"), modelName: textFromQuery(query, "model_name") },
      isoWeek: textFromQuery(query, "iso_week"),
      ...(query.has("max_changes") && { maxChanges: countFromQuery(query, "max_changes", maxChanges) }),
      ...(query.has("max_counterfactuals") && {
        maxCounterfactuals: countFromQuery(query, "max_counterfactuals", maxCounterfactuals),
      }),
      ...(targetBand !== undefined && { targetBand }),
      limits: query.getAll("fixed").map((feature) => ({ feature, fixed: true })),
    };
  },
  reword: (text, { query }) =>
    query.has("fixed") ? text.replace(/^limits(?=:|$)|\blimits\[\d+\](?:\.[a-z]+)?/g, "fixed") : text,
  toJson: (message) => plainJson(FindCounterfactualsResponseSchema, message),
});

export const SUPPLIER_ROUTES: readonly RestRoute[] = [LIST_ROUTE, ONE_ROUTE, COUNTERFACTUALS_ROUTE];

/** Returns a share in decimal notation. undefined: it is not given. The contract's bounds are checked later. */
function shareFromQuery(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}(\.\d{1,20})?$/.test(text))
    throw new QueryError(name, `${shown(text)} is not possible; expected a number from 0 to 1, for example 0.5`);
  return Number(text);
}
