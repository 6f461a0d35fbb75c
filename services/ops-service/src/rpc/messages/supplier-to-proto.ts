import { CRITICALITIES } from "@bellwether/config/risk-policy";
import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import {
  Criticality,
  FieldSource,
  type ImpactFormulaSchema,
  type SupplierSchema,
  type SupplierScoreSchema,
} from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import type { SupplierFacetsSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { formulaText, type ImpactFormula } from "../../domain/scores/expected-impact.ts";
import { isIncomplete } from "../../domain/scores/incomplete-score.ts";
import type { SharedField, Supplier, SupplierFacets, SupplierScore } from "../../domain/suppliers/supplier.ts";
import { contributionToProto, reasonToProto } from "./reason-to-proto.ts";
import { modelToProto, OUTPUT_SPACES } from "./run-to-proto.ts";

/** Maximum number of reasons of a score in a response. */
const MAX_REASONS = 16;

export const CRITICALITY_NUMBERS = {
  low: Criticality.LOW,
  normal: Criticality.NORMAL,
  high: Criticality.HIGH,
  critical: Criticality.CRITICAL,
} as const satisfies Readonly<Record<(typeof CRITICALITIES)[number], Criticality>>;

/** What the conversion needs of the risk policy. */
export interface ShownPolicy {
  /** Currency of exposures without a currency. */
  readonly currency: string;
  readonly minCompleteness: number;
}

export function supplierToProto(supplier: Supplier, policy: ShownPolicy): MessageInitShape<typeof SupplierSchema> {
  const { supplierId, name, region, category, exposure, exposureCurrency, activeAlerts, latestScore } = supplier;
  const sourceOf = (field: SharedField, isKnown: boolean): FieldSource => {
    if (supplier.masterFields.includes(field)) return FieldSource.MASTER_DATA;
    return isKnown ? FieldSource.WEEKLY_FILE : FieldSource.UNSPECIFIED;
  };
  return {
    ...{ supplierId, name, region, category, activeAlerts, owner: supplier.owner },
    ...(exposure !== null && { exposure, exposureCurrency: exposureCurrency || policy.currency }),
    ...(supplier.criticality && { criticality: CRITICALITY_NUMBERS[supplier.criticality] }),
    identifiers: supplier.identifiers.map(({ kind, value, isShared = false }) => ({ kind, value, shared: isShared })),
    ...{ mergedInto: supplier.mergedInto, mergedSupplierIds: [...supplier.mergedIds] },
    sources: {
      name: sourceOf("name", name !== ""),
      region: sourceOf("region", region !== ""),
      category: sourceOf("category", category !== ""),
      exposure: sourceOf("exposure", exposure !== null),
    },
    ...(latestScore && { latestScore: scoreToProto(latestScore, policy) }),
  };
}

export function scoreToProto(
  score: SupplierScore,
  { minCompleteness }: Pick<ShownPolicy, "minCompleteness">,
): MessageInitShape<typeof SupplierScoreSchema> {
  const { isoWeek, runId, riskScore, band, change, impact, scoredBy, completedAt, explanation, completeness } = score;
  return {
    ...{ isoWeek, runId, band: BAND_NUMBERS[band], exposureKnown: score.isExposureKnown },
    scoredSupplierId: score.scoredSupplierId ?? "",
    ...(riskScore !== null && { riskScore }),
    ...(change !== null && { change }),
    ...(impact !== null && score.isExposureKnown && { impact }),
    ...(completeness !== null && { completeness, incomplete: isIncomplete(completeness, minCompleteness) }),
    ...(explanation && {
      contributions: explanation.contributions.map(contributionToProto),
      reasons: explanation.reasons.slice(0, MAX_REASONS).map(reasonToProto),
    }),
    ...(explanation?.previous && {
      previousIsoWeek: explanation.previous.isoWeek,
      previousModelVersion: explanation.previous.modelVersion,
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
      ...(scoredBy.bandLimits && { bandLimits: scoredBy.bandLimits }),
    }),
    ...(completedAt && { completedAt: timestampFromDate(completedAt) }),
  };
}

export function formulaToProto(formula: ImpactFormula): MessageInitShape<typeof ImpactFormulaSchema> {
  return {
    text: formulaText(formula),
    currency: formula.currency,
    weights: CRITICALITIES.map((level) => ({
      criticality: CRITICALITY_NUMBERS[level],
      weight: formula.weights[level],
    })),
    unknownExposure: formula.unknownExposure,
  };
}

export function facetsToProto(facets: SupplierFacets): MessageInitShape<typeof SupplierFacetsSchema> {
  const { bands, regions, categories, regionsTruncated, categoriesTruncated } = facets;
  const label = ({ value, suppliers }: (typeof regions)[number]) => ({ label: value, suppliers: BigInt(suppliers) });
  return {
    bands: bands
      .map(({ value, suppliers }) => ({ band: BAND_NUMBERS[value], suppliers: BigInt(suppliers) }))
      .sort((a, b) => a.band - b.band),
    ...{ regions: regions.map(label), categories: categories.map(label), regionsTruncated, categoriesTruncated },
  };
}
