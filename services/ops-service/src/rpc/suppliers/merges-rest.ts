import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import {
  ListDuplicatesRequestSchema,
  ListDuplicatesResponseSchema,
  SupplierMergeService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { PAGE_PARAMETERS, pageFromQuery, textFromQuery, valuesFromQuery } from "../rest-query.ts";

/** GET /suppliers/duplicates: ListDuplicates. */
export const DUPLICATES_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/suppliers/duplicates",
  rpc: SupplierMergeService.method.listDuplicates,
  query: { single: [...PAGE_PARAMETERS, "supplier_id", "include_dismissed"] },
  toRequest: ({ query }) => ({
    ...pageFromQuery(query, ListDuplicatesRequestSchema.field.pageSize),
    supplierId: textFromQuery(query, "supplier_id"),
    includeDismissed: valuesFromQuery(query, "include_dismissed", { true: true, false: false })[0] ?? false,
  }),
  toJson: (message) => plainJson(ListDuplicatesResponseSchema, message),
});
