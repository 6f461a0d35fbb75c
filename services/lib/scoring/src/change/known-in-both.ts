import type { BundleText, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";

type Inputs = Pick<FeatureBundle, "features" | "text">;

/** The data of one end of a change, as another version takes them. */
export interface KnownInput {
  readonly input: SupplierInput;
  /** Features whose value of the other end is used, because this end has no value that the version can use. */
  readonly held: readonly string[];
}

/** Returns the data of one end without the names that only the version of the other end uses. */
export function inputForOwnVersion(given: SupplierInput, own: Inputs, other: Inputs): SupplierInput {
  return { ...given, ...pick(given, namesIn(own), namesIn(other)) };
}

/** Keeps the names that the version uses, and those that neither version uses, which scoring rejects. */
function pick(
  { features, categories }: SupplierInput,
  used: ReadonlySet<string>,
  others: ReadonlySet<string>,
): Pick<SupplierInput, "features" | "categories"> {
  const keep = ([name]: [string, unknown]): boolean => used.has(name) || !others.has(name);
  return {
    features: Object.fromEntries(Object.entries(features).filter(keep)),
    categories: Object.fromEntries(Object.entries(categories).filter(keep)),
  };
}

const namesIn = ({ features }: Inputs): ReadonlySet<string> => new Set(features.map(({ name }) => name));

/**
 * Converts the data of one end for the version of the other end. Names that only the own version uses are left out. A
 * feature that only the other version uses, and that this end does not have, takes the value of the other end, so that
 * it adds nothing to the data parts. Term weights are converted to the other vocabulary when its terms are all known.
 * @param given The data of this end. @param own The version that they were sent for.
 * @param other The data of the other end, and the version that will score.
 */
export function inputForVersion(
  given: SupplierInput,
  own: Inputs,
  other: { readonly input: SupplierInput; readonly bundle: Inputs },
): KnownInput {
  const { bundle } = other;
  const [used, known] = [namesIn(bundle), namesIn(own)];
  const picked = pick(given, used, known);
  const features = new Map(Object.entries(picked.features));
  const categories = new Map(Object.entries(picked.categories));
  const held: string[] = [];
  for (const name of used) {
    if (known.has(name) || features.has(name) || categories.has(name)) continue;
    const { features: numbers, categories: texts } = other.input;
    const [number, text] = [ownValue(numbers, name), ownValue(texts, name)];
    if (number !== undefined) features.set(name, number);
    if (text !== undefined) categories.set(name, text);
    if (number !== undefined || text !== undefined) held.push(name);
  }
  const text = textForVersion(given, own.text, other);
  if (text === null && bundle.text !== null) held.push(bundle.text.feature);
  const input = {
    features: Object.fromEntries(features),
    categories: Object.fromEntries(categories),
    ...(text ?? textOf(other.input)),
  };
  return { input, held };
}

const ownValue = <T>(from: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined;

const textOf = ({ text, terms }: SupplierInput): Pick<SupplierInput, "text" | "terms"> =>
  terms === undefined ? { text } : { text, terms };

/** Returns the text for another version. Null: the version cannot use it. */
function textForVersion(
  given: SupplierInput,
  own: BundleText | null,
  { bundle }: { readonly bundle: Inputs },
): Pick<SupplierInput, "text" | "terms"> | null {
  const { terms = {} } = given;
  if (bundle.text === null) return { text: "" };
  if (Object.keys(terms).length === 0) {
    // Without a text of its own, the other version may not have asked for one.
    return own === null && given.text === "" ? null : { text: given.text };
  }
  const converted = own === null ? null : convertTerms(terms, own, bundle.text);
  return converted === null ? null : { text: "", terms: converted };
}

/**
 * Converts term weights to another vocabulary: a weight is the count of the term times its inverse document
 * frequency, scaled to unit length, so the counts are known up to a factor that the scaling removes again.
 * @returns Null when the other vocabulary has a term that the own one does not have.
 */
function convertTerms(
  weights: Readonly<Record<string, number>>,
  own: BundleText,
  other: BundleText,
): Record<string, number> | null {
  const isSame =
    own.terms.length === other.terms.length &&
    own.terms.every((term, i) => term === other.terms[i] && own.idf[i] === other.idf[i]);
  if (isSame) return { ...weights };
  const idfs = new Map(own.terms.map((term, i) => [term, own.idf[i] ?? 1]));
  const counts: number[] = [];
  let square = 0;
  for (const [i, term] of other.terms.entries()) {
    const idf = idfs.get(term);
    if (idf === undefined) return null;
    const count = ((ownValue(weights, term) ?? 0) / idf) * (other.idf[i] ?? 1);
    counts.push(count);
    square += count * count;
  }
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return Object.fromEntries(other.terms.map((term, i) => [term, (counts[i] ?? 0) * scale]));
}
