import { BAND_NUMBERS, bandFromNumber } from "@bellwether/contract/band-codes";
import type { SupplierSchema, SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  type ListSuppliersRequest,
  ListSuppliersRequestSchema,
  type SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type PageTokens, pageTokens } from "@bellwether/mesh/call/page-token";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { SupplierNotFoundError } from "../domain/ops-error.ts";
import type { Supplier, SupplierHistory, SupplierList, SupplierQuery, SupplierScore } from "../domain/supplier.ts";
import { numbersFromKey, pageOf } from "./page-token.ts";
import { contributionToProto, reasonToProto } from "./reason-to-proto.ts";
import { modelToProto, OUTPUT_SPACES } from "./run-to-proto.ts";

export interface SupplierDependencies {
  readonly listSuppliers: (query: SupplierQuery, limit: number) => Promise<SupplierList>;
  readonly findSupplier: (
    supplierId: string,
    which: { readonly weeks: number; readonly modelName: string },
  ) => Promise<SupplierHistory | undefined>;
}

const DEFAULT_PAGE = 50;
const DEFAULT_WEEKS = 52;
/** Maximum number of reasons of a score in a response. */
const MAX_REASONS = 16;

/** Returns the handlers of SupplierService over the scores of complete runs. */
export function supplierHandlers(deps: SupplierDependencies): ServiceImpl<typeof SupplierService> {
  return {
    async listSuppliers(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListSuppliersRequestSchema, request);
      const { suppliers, modelName, modelNames } = await deps.listSuppliers(queryFromProto(request, tokens), size + 1);
      const page = pageOf(suppliers, size, tokens, ({ number, latestScore }) => [
        latestScore?.runId ?? 0,
        latestScore?.impact ?? -1,
        number,
      ]);
      const { items, nextPageToken } = page;
      return { suppliers: items.map(supplierToProto), nextPageToken, modelName, modelNames: [...modelNames] };
    },
    async getSupplier({ supplierId, historyWeeks, modelName: wanted }) {
      const which = { weeks: historyWeeks || DEFAULT_WEEKS, modelName: wanted };
      const found = await deps.findSupplier(supplierId, which);
      if (!found) throw new SupplierNotFoundError(supplierId);
      const { supplier, history, modelName, scoredByModels } = found;
      return {
        ...{ supplier: supplierToProto(supplier), history: history.map(scoreToProto) },
        ...{ modelName, scoredByModels: [...scoredByModels] },
      };
    },
  };
}

function queryFromProto(request: ListSuppliersRequest, tokens: PageTokens): SupplierQuery {
  const { band, region, category, modelName, pageToken } = request;
  const bandName = bandFromNumber(band);
  const [runId, impact, number] = numbersFromKey(tokens.read(pageToken, 3) ?? []);
  return {
    modelName,
    ...(bandName && { band: bandName }),
    ...(region !== "" && { region }),
    ...(category !== "" && { category }),
    ...(runId !== undefined &&
      impact !== undefined &&
      number !== undefined && { after: { runId: whole(runId), impact, number: whole(number) } }),
  };
}

/**
 * Limits a number to the 32 bits of the database. A token with any other number is not from a server and
 * finds nothing.
 */
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
  const { isoWeek, runId, riskScore, band, change, impact, scoredBy, completedAt, explanation } = score;
  return {
    ...{ isoWeek, runId, band: BAND_NUMBERS[band] },
    ...(riskScore !== null && { riskScore }),
    ...(change !== null && { change }),
    ...(impact !== null && { impact }),
    ...(explanation && {
      contributions: explanation.contributions.map(contributionToProto),
      reasons: explanation.reasons.slice(0, MAX_REASONS).map(reasonToProto),
    }),
    ...(explanation?.completeness && {
      missingFeatures: [...explanation.completeness.missing],
      featuresPresent: explanation.completeness.present,
      featuresTotal: explanation.completeness.total,
    }),
    ...(scoredBy && {
      baseValue: scoredBy.baseValue,
      outputSpace: OUTPUT_SPACES[scoredBy.outputSpace],
      model: modelToProto(scoredBy),
    }),
    ...(completedAt && { completedAt: timestampFromDate(completedAt) }),
  };
}
