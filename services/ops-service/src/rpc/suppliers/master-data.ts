import { createHash } from "node:crypto";
import {
  type ImportSuppliersRequest,
  ImportSuppliersRequestSchema,
  ListMasterDataRequestSchema,
  type MasterDataRow,
  OnConflict,
  type SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { actorOf, type Caller, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type * as domain from "../../domain/suppliers/import-suppliers.ts";
import type { MasterDataInput } from "../../domain/suppliers/master-data.ts";
import type { ImportRequest, ImportResult } from "../../domain/suppliers/store-master-data.ts";
import type { Supplier } from "../../domain/suppliers/supplier.ts";
import { nameOf } from "../messages/alert-to-proto.ts";
import { CRITICALITY_NUMBERS, type ShownPolicy, supplierToProto } from "../messages/supplier-to-proto.ts";
import { pageOf, rowFromText, scopeKey } from "../page-token.ts";

export interface MasterDataDependencies {
  readonly policy: ShownPolicy;
  readonly importSuppliers: (request: ImportRequest) => Promise<ImportResult & { readonly isRepeated: boolean }>;
  /** Lists suppliers after a number, in the order of their numbers. */
  readonly listMasterData: (query: {
    readonly after: number;
    readonly limit: number;
    readonly scope: SupplierScope | undefined;
  }) => Promise<readonly Supplier[]>;
}

const DEFAULT_PAGE = 1_000;
/** Numbers of suppliers have 32 bits in the database. */
const MAX_NUMBER = 2 ** 31 - 1;

const CONFLICTS: Readonly<Record<domain.OnConflict, OnConflict>> = {
  stop: OnConflict.STOP,
  skip: OnConflict.SKIP,
  update: OnConflict.UPDATE,
};

/** Returns the handlers of SupplierService that import and list master data. */
export function masterDataHandlers(
  deps: MasterDataDependencies,
): Pick<ServiceImpl<typeof SupplierService>, "importSuppliers" | "listMasterData"> {
  return {
    async importSuppliers(request, context) {
      const caller = callerOf(context);
      const {
        violations,
        outcomes = [],
        isStopped,
        isRepeated,
        ...counts
      } = await deps.importSuppliers(importFromProto(request, caller));
      return {
        ...counts,
        violations: [...violations],
        stopped: isStopped,
        repeatedRequest: isRepeated,
        changes: outcomes.map(({ row, isCreated, fields }) => ({ row, created: isCreated, fields: [...fields] })),
      };
    },
    async listMasterData(request, context) {
      const { scope } = callerOf(context);
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListMasterDataRequestSchema, request, ...scopeKey(scope));
      const [last] = tokens.read(request.pageToken, 1) ?? [];
      const after = last === undefined ? 0 : rowFromText(last, MAX_NUMBER);
      const rows = await deps.listMasterData({ after, limit: size + 1, scope });
      const page = pageOf(rows, size, tokens, ({ number }) => [number]);
      return {
        suppliers: page.items.map((supplier) => supplierToProto(supplier, deps.policy)),
        nextPageToken: page.nextPageToken,
      };
    },
  };
}

function importFromProto(request: ImportSuppliersRequest, caller: Caller): ImportRequest {
  const { requestId, rows, dryRun, onConflict } = request;
  return {
    ...{ requestId, actor: actorOf(caller), scope: caller.scope, isDryRun: dryRun },
    digest: createHash("sha256")
      .update(scopeKey(caller.scope).join())
      .update(toBinary(ImportSuppliersRequestSchema, request))
      .digest("hex"),
    rows: rows.map(rowFromProto),
    onConflict: nameOf(CONFLICTS, onConflict) ?? "stop",
  };
}

function rowFromProto(row: MasterDataRow): MasterDataInput {
  const { supplierId, name, region, category, exposure, currency, clearExposure, criticality, owner } = row;
  return {
    ...{ supplierId, name, region, category, exposure, currency, clearExposure, owner },
    criticality: criticality === 0 ? undefined : (nameOf(CRITICALITY_NUMBERS, criticality) ?? null),
    identifiers: row.identifiers.map(({ kind, value, shared }) => ({ kind, value, isShared: shared })),
  };
}
