import type { SupplierSchema, SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import type { ListSuppliersRequest, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { SupplierNotFoundError } from "../domain/ops-error.ts";
import type { Supplier, SupplierQuery, SupplierScore } from "../domain/supplier.ts";
import { nameOf } from "./alert-to-proto.ts";
import { numbersFromToken, pageOf } from "./page-token.ts";
import { BANDS, modelToProto, OUTPUT_SPACES } from "./run-to-proto.ts";

export interface SupplierDependencies {
  readonly listSuppliers: (query: SupplierQuery, limit: number) => Promise<readonly Supplier[]>;
  readonly findSupplier: (
    supplierId: string,
    weeks: number,
  ) => Promise<{ readonly supplier: Supplier; readonly history: readonly SupplierScore[] } | undefined>;
}

const DEFAULT_PAGE = 50;
const DEFAULT_WEEKS = 52;

/** SupplierService over the scores of complete runs. */
export function supplierHandlers(deps: SupplierDependencies): ServiceImpl<typeof SupplierService> {
  return {
    async listSuppliers(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const rows = await deps.listSuppliers(queryFromProto(request), size + 1);
      const page = pageOf(rows, size, ({ number, latestScore }) => [
        latestScore?.runId ?? 0,
        latestScore?.impact ?? -1,
        number,
      ]);
      return { suppliers: page.items.map(supplierToProto), nextPageToken: page.nextPageToken };
    },
    async getSupplier({ supplierId, historyWeeks }) {
      const found = await deps.findSupplier(supplierId, historyWeeks || DEFAULT_WEEKS);
      if (!found) throw new SupplierNotFoundError(supplierId);
      return { supplier: supplierToProto(found.supplier), history: found.history.map(scoreToProto) };
    },
  };
}

function queryFromProto({ band, region, category, pageToken }: ListSuppliersRequest): SupplierQuery {
  const bandName = nameOf(BANDS, band);
  const [runId, impact, number] = numbersFromToken(pageToken, 3) ?? [];
  return {
    ...(bandName && { band: bandName }),
    ...(region !== "" && { region }),
    ...(category !== "" && { category }),
    ...(runId !== undefined &&
      impact !== undefined &&
      number !== undefined && { after: { runId: whole(runId), impact, number: whole(number) } }),
  };
}

/** Into the database's 32 bits: a token that was made up finds nothing. */
function whole(value: number): number {
  return Math.max(0, Math.min(2 ** 31 - 1, Math.trunc(value)));
}

function supplierToProto(supplier: Supplier): MessageInitShape<typeof SupplierSchema> {
  const { supplierId, name, region, category, exposure, activeAlerts, latestScore } = supplier;
  return {
    ...{ supplierId, name, region, category, activeAlerts },
    ...(exposure !== null && { exposure }),
    ...(latestScore && { latestScore: scoreToProto(latestScore) }),
  };
}

function scoreToProto(score: SupplierScore): MessageInitShape<typeof SupplierScoreSchema> {
  const { isoWeek, runId, riskScore, band, change, impact, scoredBy, completedAt } = score;
  return {
    ...{ isoWeek, runId, band: BANDS[band] },
    ...(riskScore !== null && { riskScore }),
    ...(change !== null && { change }),
    ...(impact !== null && { impact }),
    contributions: score.contributions.map(({ column, contribution }) => ({ feature: column, contribution })),
    ...(scoredBy && {
      baseValue: scoredBy.baseValue,
      outputSpace: OUTPUT_SPACES[scoredBy.outputSpace],
      model: modelToProto(scoredBy),
    }),
    ...(completedAt && { completedAt: timestampFromDate(completedAt) }),
  };
}
