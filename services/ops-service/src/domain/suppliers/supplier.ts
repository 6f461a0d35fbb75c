import type { Criticality } from "@bellwether/config/risk-policy";
import type { Band } from "@bellwether/contract/band-codes";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { ImpactFormula } from "../scores/expected-impact.ts";
import type { ScoreExplanation } from "../scores/explain-score.ts";
import type { ScoredBy } from "../scores/run.ts";

/** A supplier's score in one complete run. */
export interface SupplierScore {
  readonly runId: number;
  readonly isoWeek: string;
  /** Calibrated score, in [0, 1]; null when the band is unknown. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** Change since the model's previous run. Null: there is no score to compare with. */
  readonly change: number | null;
  /**
   * Expected impact by the formula of the run. Null: there is no score. Without a known exposure, it only orders
   * the supplier.
   */
  readonly impact: number | null;
  /** Whether the exposure was known in the run, and its currency had an exchange rate. */
  readonly isExposureKnown: boolean;
  /** Exposure in the run, in the currency of its formula. Null: not known, or not recorded. */
  readonly orderedExposure: number | null;
  /** Share of the model's features that had a value, in [0, 1]. Null: not recorded. */
  readonly completeness: number | null;
  /**
   * In lists of suppliers, the explanation has only the largest contributions. Null: the score is part of a
   * history or of a search.
   */
  readonly explanation: ScoreExplanation | null;
  readonly scoredBy: Omit<ScoredBy, "columnNames"> | null;
  readonly completedAt: Date | null;
  /** Id of the merged supplier that has the score. Left out: the supplier itself has it. */
  readonly scoredSupplierId?: string;
}

/** A further identifier of a supplier, for example a VAT number. */
export interface Identifier {
  readonly kind: string;
  readonly value: string;
  /** Whether other suppliers may have the identifier. Left out: no. */
  readonly isShared?: boolean;
}

/** The fields that both master data and the weekly file can set. */
export type SharedField = "name" | "region" | "category" | "exposure";

/** A supplier with its latest score by one model, and that model's alerts. */
export interface Supplier {
  readonly number: number;
  readonly supplierId: string;
  readonly name: string;
  readonly region: string;
  readonly category: string;
  readonly exposure: number | null;
  /** ISO 4217. Empty: the currency of the risk policy. */
  readonly exposureCurrency: string;
  readonly criticality: Criticality | null;
  readonly owner: string;
  readonly identifiers: readonly Identifier[];
  /** The fields whose value master data has set. */
  readonly masterFields: readonly SharedField[];
  /** With the alerts of the suppliers that are merged into it. */
  readonly activeAlerts: number;
  readonly latestScore: SupplierScore | null;
  /** Id of the survivor. Empty: the supplier is not merged. */
  readonly mergedInto: string;
  /** Ids of the suppliers that are merged into it, in the order of their merges. */
  readonly mergedIds: readonly string[];
}

/** The number of suppliers of one filter value. */
export interface Facet<V> {
  readonly value: V;
  readonly suppliers: number;
}

/** Numbers of suppliers by filter value, most suppliers first. */
export interface SupplierFacets {
  readonly bands: readonly Facet<Band>[];
  readonly regions: readonly Facet<string>[];
  readonly categories: readonly Facet<string>[];
  /** Whether labels with few suppliers were left out. */
  readonly regionsTruncated: boolean;
  readonly categoriesTruncated: boolean;
}

/** A list of the suppliers of one run. */
export interface SupplierList {
  readonly suppliers: readonly Supplier[];
  /** Id of the run. 0: no run is complete. */
  readonly runId: number;
  readonly isoWeek: string;
  /** Number of suppliers that meet the conditions, on all pages together. */
  readonly totalSize: number;
  /** Null: not requested. */
  readonly facets: SupplierFacets | null;
  /** Whether more suppliers match the text than were compared with the other conditions. */
  readonly queryTruncated: boolean;
  /** Null: the run is of a release that multiplied score and exposure. */
  readonly formula: ImpactFormula | null;
  /** Name of the model whose scores are listed. Empty: no run is complete. */
  readonly modelName: string;
  /** All models with a complete run, in alphabetical order. */
  readonly modelNames: readonly string[];
  /** Number of suppliers of the run that another supplier of the same merge represents. */
  readonly mergedSuppliers: number;
}

/** A supplier with its scores by one model, newest first. */
export interface SupplierHistory {
  readonly supplier: Supplier;
  readonly history: readonly SupplierScore[];
  readonly formula: ImpactFormula | null;
  /** Name of the model whose scores are returned. Empty: no run is complete. */
  readonly modelName: string;
  /** All models that have scored the supplier, in alphabetical order. */
  readonly scoredByModels: readonly string[];
  /** Scores of the merged suppliers in the latest run of the model. */
  readonly mergedScores: readonly SupplierScore[];
}

/** What a query matched in a supplier, best match first. */
export type MatchKind = "supplier_id" | "identifier" | "name" | "similar_name";

/** A supplier that a search found. */
export interface SupplierMatch {
  readonly supplier: Supplier;
  readonly kind: MatchKind;
  /** The identifier that matched. Null: something else matched. */
  readonly identifier: Identifier | null;
  /** Id of the merged supplier that matched. Empty: the supplier itself matched. */
  readonly mergedSupplierId: string;
}

/** The suppliers that a search found, best match first. */
export interface SearchResult {
  readonly matches: readonly SupplierMatch[];
  readonly isTruncated: boolean;
  /** Name of the model whose scores are returned. Empty: no run is complete. */
  readonly modelName: string;
}

/** The value by which a list is ordered. */
export type SupplierOrder = "impact" | "score" | "change" | "exposure" | "name";

export type ChangeDirection = "up" | "down" | "none" | "unknown";

/** Conditions of a list; a supplier must meet all of them. An empty array and undefined are no condition. */
export interface SupplierFilter {
  readonly bands: readonly Band[];
  /** "": suppliers without a region. */
  readonly regions: readonly string[];
  readonly categories: readonly string[];
  readonly changes: readonly ChangeDirection[];
  readonly hasActiveAlerts: boolean | undefined;
  /** In [0, 1]. */
  readonly completenessBelow: number | undefined;
  /** Only suppliers with a score whose exposure is not known. */
  readonly withoutExposure: boolean;
  /** Text to search for. Empty: no condition. */
  readonly query: string;
  /** Numbers of the suppliers of a watchlist. Left out: no condition. */
  readonly watched?: readonly number[];
}

/** Conditions and order of a list. */
export interface SupplierQuery extends SupplierFilter {
  /** The suppliers that the caller sees, by the region and the category that the run stored. Undefined: all. */
  readonly scope: SupplierScope | undefined;
  /** Name of the model whose scores are listed. Empty: the default model of `chooseModel`. */
  readonly modelName: string;
  /** Empty: the latest complete week of the model. */
  readonly isoWeek: string;
  readonly orderBy: SupplierOrder;
  readonly descending: boolean;
  readonly includeFacets: boolean;
  /**
   * The last supplier of the previous page: run id, value of the order and number of the supplier. The value is
   * null when the supplier has none, and for the order by name.
   */
  readonly after?: { readonly runId: number; readonly value: number | null; readonly number: number };
}
