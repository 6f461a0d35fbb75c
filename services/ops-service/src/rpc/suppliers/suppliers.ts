import { bandFromNumber } from "@bellwether/contract/band-codes";
import { parseIsoWeek } from "@bellwether/contract/iso-week";
import { ChangeDirection } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  type ListSuppliersRequest,
  ListSuppliersRequestSchema,
  MatchKind,
  SortDirection,
  SupplierOrder,
  type SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type Caller, callerOf } from "@bellwether/mesh/call/caller";
import { type PageTokens, pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ShownExternalScore } from "../../domain/external-scores/external-score.ts";
import { SupplierNotFoundError } from "../../domain/ops-error.ts";
import type * as domain from "../../domain/suppliers/supplier.ts";
import { externalScoreToProto } from "../external-scores/external-scores.ts";
import { nameOf } from "../messages/alert-to-proto.ts";
import {
  facetsToProto,
  formulaToProto,
  type ShownPolicy,
  scoreToProto,
  supplierToProto,
} from "../messages/supplier-to-proto.ts";
import { pageOf, rowFromText, scopeKey } from "../page-token.ts";

export interface SupplierDependencies {
  readonly policy: ShownPolicy;
  readonly searchSuppliers: (search: {
    readonly query: string;
    readonly limit: number;
    readonly modelName: string;
    readonly scope: SupplierScope | undefined;
  }) => Promise<domain.SearchResult>;
  /** Returns the numbers of the suppliers of a watchlist. @throws WatchlistNotFoundError when the caller does not see it */
  readonly watchedNumbers: (watchlistId: string, caller: Caller) => Promise<readonly number[]>;
  readonly listSuppliers: (query: domain.SupplierQuery, limit: number) => Promise<domain.SupplierList>;
  readonly findSupplier: (
    supplierId: string,
    which: { readonly weeks: number; readonly modelName: string; readonly scope: SupplierScope | undefined },
  ) => Promise<domain.SupplierHistory | undefined>;
  /** Returns what is shown of each external source for a supplier, with a scope without those of merged suppliers. */
  readonly readExternalScores: (
    supplierId: string,
    scope: SupplierScope | undefined,
  ) => Promise<readonly ShownExternalScore[]>;
}

const DEFAULT_PAGE = 50;
const DEFAULT_MATCHES = 20;
const DEFAULT_WEEKS = 52;
/** Numbers of runs and suppliers have 32 bits in the database. */
const MAX_NUMBER = 2 ** 31 - 1;
/** Text in a page token for a supplier without the value of the order. */
const NO_VALUE = "-";

const ORDERS: Readonly<Record<domain.SupplierOrder, SupplierOrder>> = {
  impact: SupplierOrder.IMPACT,
  score: SupplierOrder.SCORE,
  change: SupplierOrder.CHANGE,
  exposure: SupplierOrder.EXPOSURE,
  name: SupplierOrder.NAME,
};

const CHANGES: Readonly<Record<domain.ChangeDirection, ChangeDirection>> = {
  up: ChangeDirection.UP,
  down: ChangeDirection.DOWN,
  none: ChangeDirection.NONE,
  unknown: ChangeDirection.UNKNOWN,
};

const MATCHES: Readonly<Record<domain.MatchKind, MatchKind>> = {
  supplier_id: MatchKind.SUPPLIER_ID,
  identifier: MatchKind.IDENTIFIER,
  name: MatchKind.NAME,
  similar_name: MatchKind.SIMILAR_NAME,
};

type ReadMethods = "searchSuppliers" | "listSuppliers" | "getSupplier";

/** Returns the handlers of SupplierService that read suppliers and the scores of complete runs. */
export function supplierHandlers(deps: SupplierDependencies): Pick<ServiceImpl<typeof SupplierService>, ReadMethods> {
  const { policy } = deps;
  return {
    async searchSuppliers({ query, limit, modelName: wanted }, context) {
      const { scope } = callerOf(context);
      const found = await deps.searchSuppliers({ query, limit: limit || DEFAULT_MATCHES, modelName: wanted, scope });
      return {
        matches: found.matches.map(({ supplier, kind, identifier, mergedSupplierId }) => ({
          supplier: supplierToProto(supplier, policy),
          ...{ kind: MATCHES[kind], mergedSupplierId },
          ...(identifier && { identifier }),
        })),
        ...{ truncated: found.isTruncated, modelName: found.modelName },
      };
    },
    async listSuppliers(request, context) {
      const { scope } = callerOf(context);
      const size = request.pageSize || DEFAULT_PAGE;
      // A page without facets continues a list with facets.
      const tokens = pageTokens(ListSuppliersRequestSchema, { ...request, includeFacets: false }, ...scopeKey(scope));
      const { watchlistId } = request;
      const watched = watchlistId === "" ? undefined : await deps.watchedNumbers(watchlistId, callerOf(context));
      const query = { ...queryFromProto(request, tokens), scope, ...(watched && { watched }) };
      const list = await deps.listSuppliers(query, size + 1);
      const { items, nextPageToken } = pageOf(list.suppliers, size, tokens, ({ number, ...supplier }) => [
        ...[list.runId, orderValue(supplier, query.orderBy) ?? NO_VALUE, number],
      ]);
      return {
        ...{ suppliers: items.map((supplier) => supplierToProto(supplier, policy)), nextPageToken },
        ...{ modelName: list.modelName, modelNames: [...list.modelNames], isoWeek: list.isoWeek },
        ...{ totalSize: BigInt(list.totalSize), queryTruncated: list.queryTruncated },
        mergedSuppliers: list.mergedSuppliers,
        ...(list.facets && { facets: facetsToProto(list.facets) }),
        ...(list.formula && { impactFormula: formulaToProto(list.formula) }),
        completenessLimit: policy.minCompleteness,
      };
    },
    async getSupplier({ supplierId, historyWeeks, modelName: wanted }, context) {
      const which = { weeks: historyWeeks || DEFAULT_WEEKS, modelName: wanted, scope: callerOf(context).scope };
      const found = await deps.findSupplier(supplierId, which);
      if (!found) throw new SupplierNotFoundError(supplierId);
      const { supplier, history, modelName, scoredByModels, formula, mergedScores } = found;
      const externalScores = (await deps.readExternalScores(supplierId, which.scope)).map(externalScoreToProto);
      return {
        ...{ supplier: supplierToProto(supplier, policy), modelName, scoredByModels: [...scoredByModels] },
        history: history.map((score) => scoreToProto(score, policy)),
        mergedScores: mergedScores.map((score) => scoreToProto(score, policy)),
        ...(formula && { impactFormula: formulaToProto(formula) }),
        ...{ completenessLimit: policy.minCompleteness, externalScores },
      };
    },
  };
}

function queryFromProto(request: ListSuppliersRequest, tokens: PageTokens): Omit<domain.SupplierQuery, "scope"> {
  const { modelName, query, includeFacets, hasActiveAlerts, completenessBelow, withoutExposure, direction } = request;
  const orderBy = nameOf(ORDERS, request.orderBy) ?? "impact";
  const after = afterFromKey(tokens.read(request.pageToken, 3));
  return {
    ...{ modelName, query, includeFacets, hasActiveAlerts, completenessBelow, withoutExposure, orderBy },
    isoWeek: request.isoWeek === "" ? "" : parseIsoWeek(request.isoWeek),
    bands: [...new Set([...request.bands, request.band].flatMap((number) => bandFromNumber(number) ?? []))],
    regions: withOne(request.regions, request.region),
    categories: withOne(request.categories, request.category),
    changes: request.changes.flatMap((number) => nameOf(CHANGES, number) ?? []),
    descending: direction === SortDirection.UNSPECIFIED ? orderBy !== "name" : direction === SortDirection.DESCENDING,
    ...(after && { after }),
  };
}

function withOne(values: readonly string[], one: string): string[] {
  return one === "" ? [...values] : [...new Set([...values, one])];
}

function afterFromKey(key: readonly string[] | undefined): domain.SupplierQuery["after"] {
  if (!key) return undefined;
  const [runId = "", value = "", number = ""] = key;
  const isValue = value === NO_VALUE || (value !== "" && Number.isFinite(Number(value)));
  if (!isValue) throw pageTokenError();
  return {
    runId: rowFromText(runId, MAX_NUMBER),
    value: value === NO_VALUE ? null : Number(value),
    number: rowFromText(number, MAX_NUMBER),
  };
}

/** Returns the value by which a supplier is ordered. Null: it has none, or the order is by name. */
function orderValue({ latestScore }: Pick<domain.Supplier, "latestScore">, order: domain.SupplierOrder): number | null {
  if (latestScore === null || order === "name") return null;
  const { impact, riskScore, change, orderedExposure } = latestScore;
  return { impact, score: riskScore, change, exposure: orderedExposure }[order];
}
