import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  Criticality,
  FieldSource,
  type ImpactFormula,
  type Supplier,
  type SupplierScore,
} from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import type { GetSupplierResponse } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { impactChanged } from "@bellwether/reasons/impact-changed";
import { wasText } from "@bellwether/reasons/reason-text";
import { scoreText } from "@bellwether/reasons/score-text";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";
import { externalScoreLines } from "./external-score-text.ts";
import { COLUMNS, IDENTIFIER_PREFIX, SHARED_COLUMN } from "./master-data-columns.ts";

export const bandWord = (band: Band): string => enumWord(Band, band);
const criticalityWord = (criticality: Criticality): string => enumWord(Criticality, criticality);

/** Returns a supplier as one object of JSON. */
export function supplierJson({ latestScore, ...supplier }: Supplier) {
  return {
    supplier_id: supplier.supplierId,
    name: supplier.name,
    region: supplier.region,
    category: supplier.category,
    exposure: supplier.exposure ?? null,
    currency: supplier.exposureCurrency,
    criticality: criticalityWord(supplier.criticality) || null,
    owner: supplier.owner,
    identifiers: Object.fromEntries(supplier.identifiers.map(({ kind, value }) => [kind, value])),
    shared_identifiers: supplier.identifiers.flatMap(({ kind, shared }) => (shared ? [kind] : [])),
    ...{ merged_into: supplier.mergedInto || null, merged_supplier_ids: supplier.mergedSupplierIds },
    sources: {
      name: sourceWord(supplier.sources?.name),
      region: sourceWord(supplier.sources?.region),
      category: sourceWord(supplier.sources?.category),
      exposure: sourceWord(supplier.sources?.exposure),
    },
    active_alerts: supplier.activeAlerts,
    latest_score: latestScore ? scoreJson(latestScore) : null,
  };
}

const sourceWord = (source: FieldSource = FieldSource.UNSPECIFIED): string | null =>
  enumWord(FieldSource, source) || null;

export function scoreJson(score: SupplierScore) {
  return {
    iso_week: score.isoWeek,
    risk_score: score.riskScore ?? null,
    band: bandWord(score.band),
    change: score.change ?? null,
    impact: score.impact ?? null,
    exposure_known: score.exposureKnown,
    completeness: score.completeness ?? null,
    incomplete: score.incomplete,
    missing_features: score.missingFeatures,
    model_version: score.model?.version ?? null,
    reasons: score.reasons.map(({ text, contribution, previousValue }) => ({
      text,
      contribution,
      previous_value: previousValue ?? null,
    })),
  };
}

/** Returns a supplier as one line of a list. */
export function supplierLine({ supplierId, name, region, latestScore }: Supplier): string {
  const score = latestScore ? `${bandWord(latestScore.band)} ${shownScore(latestScore, "")}` : "not scored";
  return [supplierId, name, region, score.trim()]
    .filter((part) => part !== "")
    .map(printable)
    .join("  ");
}

/** Returns a supplier with its latest score and its last weeks as text. */
export function supplierLines({
  supplier,
  history,
  impactFormula,
  externalScores,
  mergedScores,
}: Pick<GetSupplierResponse, "supplier" | "history" | "impactFormula" | "externalScores" | "mergedScores">): string[] {
  if (!supplier) return [];
  const { latestScore: score } = supplier;
  const facts: readonly (readonly [string, string])[] = [
    ["id", supplier.supplierId],
    ["region", supplier.region],
    ["category", supplier.category],
    ["exposure", supplier.exposure === undefined ? "not known" : `${supplier.exposure} ${supplier.exposureCurrency}`],
    ["criticality", criticalityWord(supplier.criticality) || "normal (not set)"],
    ["owner", supplier.owner],
    ...supplier.identifiers.map(({ kind, value, shared }) => [kind, `${value}${shared ? " (shared)" : ""}`] as const),
    ["merged into", supplier.mergedInto],
    ["merged ids", supplier.mergedSupplierIds.join(", ")],
    ["alerts", String(supplier.activeAlerts)],
  ];
  return [
    printable(supplier.name || supplier.supplierId),
    ...facts.filter(([, value]) => value !== "").map(([key, value]) => `  ${key.padEnd(12)}${printable(value)}`),
    ...(score ? scoreLines(score) : ["not scored yet"]),
    ...mergedScores.map(
      (score) =>
        `${score.isoWeek}: ${bandWord(score.band)} ${shownScore(score, "-")} as ${printable(score.scoredSupplierId)}, which is merged into this supplier`,
    ),
    ...(impactFormula ? [`expected impact = ${impactFormula.text}${changedText(supplier, impactFormula)}`] : []),
    ...externalScores.flatMap(externalScoreLines),
    ...history
      .slice(0, SHOWN_WEEKS)
      .map((score) => `  ${score.isoWeek}  ${shownScore(score, "-")}  ${bandWord(score.band)}`),
  ];
}

/** Says that exposure or criticality are not those of the run, from which the expected impact follows. */
function changedText(supplier: Supplier, formula: ImpactFormula): string {
  return impactChanged(supplier, formula)
    ? `, with the exposure and criticality of ${supplier.latestScore?.isoWeek}: they were changed since, and the next run uses the new ones`
    : "";
}

const SHOWN_WEEKS = 8;

/** Returns a risk score that is on the same side of each limit of a band as the number itself. */
const shownScore = ({ riskScore, bandLimits: limits }: SupplierScore, none: string): string =>
  riskScore === undefined ? none : scoreText(riskScore, limits ? [limits.medium, limits.high] : []);

function scoreLines(score: SupplierScore): string[] {
  return [
    `${score.isoWeek}: ${bandWord(score.band)} ${shownScore(score, "")}; expected impact ${impactText(score)}`,
    ...(score.incomplete
      ? [
          `  INCOMPLETE: ${score.featuresPresent} of ${countText(score.featuresTotal ?? 0, "feature")} known; not known: ${score.missingFeatures.join(", ")}`,
        ]
      : []),
    ...score.reasons
      .slice(0, 5)
      .map(
        ({ text, contribution, value, previousValue }) =>
          `  ${contribution < 0 ? "" : "+"}${contribution.toFixed(2)}  ${printable(text)}${wasText(value, previousValue)}`,
      ),
  ];
}

function impactText({ impact, riskScore, exposureKnown }: SupplierScore): string {
  if (impact !== undefined) return impact.toFixed(0);
  if (riskScore === undefined) return "not known, because the risk score is not known";
  return exposureKnown ? "not known" : "not known, because the exposure is not known";
}

/** The columns of identifiers in a master data file. */
export interface IdentifierColumns {
  readonly kinds: readonly string[];
  /** Whether at least one identifier is shared. */
  readonly hasShared: boolean;
}

/**
 * Returns the cells of a supplier in a master data file.
 * @param withWeekly Whether to write values of the weekly file too. An import of these cells makes them master data.
 */
export function masterDataCells(
  supplier: Supplier,
  { kinds, hasShared }: IdentifierColumns,
  withWeekly: boolean,
): string[] {
  const { sources, exposure } = supplier;
  const isShown = (source: FieldSource | undefined): boolean => withWeekly || source === FieldSource.MASTER_DATA;
  const hasExposure = exposure !== undefined && isShown(sources?.exposure);
  const values: Readonly<Record<(typeof COLUMNS)[number], string>> = {
    supplier_id: supplier.supplierId,
    name: isShown(sources?.name) ? supplier.name : "",
    region: isShown(sources?.region) ? supplier.region : "",
    category: isShown(sources?.category) ? supplier.category : "",
    exposure: hasExposure ? String(exposure) : "",
    currency: hasExposure ? supplier.exposureCurrency : "",
    criticality: criticalityWord(supplier.criticality),
    owner: supplier.owner,
  };
  const byKind = new Map(supplier.identifiers.map(({ kind, value }) => [kind, value]));
  const shared = supplier.identifiers.flatMap(({ kind, shared: isShared }) => (isShared ? [kind] : [])).join(" ");
  return [
    ...COLUMNS.map((column) => values[column]),
    ...kinds.map((kind) => byKind.get(kind) ?? ""),
    ...(hasShared ? [shared] : []),
  ];
}

/** Returns the columns of a master data file. */
export function masterDataHeader({ kinds, hasShared }: IdentifierColumns): string[] {
  const identifiers = kinds.map((kind) => `${IDENTIFIER_PREFIX}${kind}`);
  return [...COLUMNS, ...identifiers, ...(hasShared ? [SHARED_COLUMN] : [])];
}
