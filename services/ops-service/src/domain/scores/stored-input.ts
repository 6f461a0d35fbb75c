import { InputNotStoredError, VersionGoneError } from "../ops-error.ts";
import type { RunFeature } from "./explain-score.ts";
import type { ScoredBy } from "./run.ts";

/** What a run stored about the input and the score of one supplier. */
export interface StoredInput {
  readonly isoWeek: string;
  readonly runId: number;
  /** Null: the band was UNKNOWN. */
  readonly riskScore: number | null;
  readonly scoredBy: Pick<ScoredBy, "name" | "version" | "modelDigest" | "bundleDigest">;
  /** Features of the model, in the order of `values`. Null: not recorded. */
  readonly features: readonly RunFeature[] | null;
  /** See StoredContributions.values. */
  readonly values: Float32Array | null;
  /** Terms of the text, in the order of `termWeights`. */
  readonly terms: readonly string[];
  /** Null: not recorded. */
  readonly termWeights: Float32Array | null;
}

/** What two runs stored about a supplier. */
export interface ScorePair {
  /** Number of the supplier in the database. */
  readonly supplier: number;
  readonly supplierId: string;
  readonly before: StoredInput;
  readonly after: StoredInput;
}

/** A supplier as ml-service accepts it. */
export interface ScoredSupplier {
  readonly supplierId: string;
  readonly features: Readonly<Record<string, number>>;
  readonly categories: Readonly<Record<string, string>>;
  readonly contractText: string;
  readonly termWeights: Readonly<Record<string, number>>;
}

/** The category that is sent for one that the model did not know: its text was not stored. */
export const UNKNOWN_CATEGORY = "a category that the model does not know";
/** The text that is sent for a text of a model whose vocabulary is empty: no word of it has a weight. */
const SOME_TEXT = "text";

/**
 * Returns the data of a supplier as they were scored. @throws InputNotStoredError naming what the run did not store
 */
export function suppliedInput(supplierId: string, stored: StoredInput): ScoredSupplier {
  const { features, values, terms, termWeights, isoWeek } = stored;
  if (features === null || values === null) throw new InputNotStoredError(isoWeek, "the values of the features");
  const numbers: Record<string, number> = {};
  const categories: Record<string, string> = {};
  let text: Pick<ScoredSupplier, "contractText" | "termWeights"> = { contractText: "", termWeights: {} };
  for (const [i, { name, kind, categories: known }] of features.entries()) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (kind === "numeric") numbers[name] = value;
    else if (kind === "category") categories[name] = known[value] ?? UNKNOWN_CATEGORY;
    else if (termWeights === null) throw new InputNotStoredError(isoWeek, `the text "${name}"`);
    else text = weightsOf(terms, termWeights);
  }
  return { supplierId, features: numbers, categories, ...text };
}

function weightsOf(
  terms: readonly string[],
  weights: Float32Array,
): Pick<ScoredSupplier, "contractText" | "termWeights"> {
  const [first] = terms;
  if (first === undefined) return { contractText: SOME_TEXT, termWeights: {} };
  const positive = terms.flatMap((term, i) => ((weights[i] ?? 0) > 0 ? [[term, weights[i] ?? 0] as const] : []));
  // A text without any of the terms is not a missing text.
  return { contractText: "", termWeights: positive.length > 0 ? Object.fromEntries(positive) : { [first]: 0 } };
}

/** Returns the model columns of the terms of a text, without the prefix. */
export function termsOf(
  columnNames: readonly string[],
  features: readonly Pick<RunFeature, "name" | "kind">[],
): string[] {
  const text = features.find(({ kind }) => kind === "text")?.name;
  if (text === undefined) return [];
  return columnNames.filter((name) => name.startsWith(`${text}:`)).map((name) => name.slice(text.length + 1));
}

/** Returns why a score that was computed now differs from the stored one, or null. */
export function storedDifference(stored: StoredInput, riskScore: number | undefined): string | null {
  const now = riskScore ?? null;
  if (Object.is(now, stored.riskScore)) return null;
  return `the run of ${stored.isoWeek} stored the risk score ${stored.riskScore ?? "none"}, and the stored values now have ${now ?? "none"}`;
}

/** @throws VersionGoneError when the registry has other files under the version that scored */
export function checkSameFiles(
  { scoredBy, isoWeek }: Pick<StoredInput, "scoredBy" | "isoWeek">,
  model: Pick<ScoredBy, "modelDigest" | "bundleDigest"> | undefined,
): void {
  if (model?.modelDigest === scoredBy.modelDigest && model.bundleDigest === scoredBy.bundleDigest) return;
  throw new VersionGoneError(
    `${scoredBy.name} ${scoredBy.version}, which scored ${isoWeek}, has other files in the registry now`,
  );
}
