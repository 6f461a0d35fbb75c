import { countText } from "@bellwether/reasons/count-text";
import { createRanking } from "../evaluate/metrics.ts";
import type { FeatureTable } from "../tables/feature-table.ts";

/** AUC of a single feature above which it is reported as a possible copy of the label. */
export const LEAK_AUC = 0.99;
/** With fewer rows of a class, a feature may separate the classes by chance. */
const MIN_CLASS_ROWS = 10;
/** Categories with fewer rows are ranked together: each row alone would rank perfectly. */
const MIN_CATEGORY_ROWS = 20;
/** Number of rows of a supplier from which an unchanged label says something. */
const MIN_SUPPLIER_ROWS = 3;
/** Number of suppliers with an unchanged label of each class from which it is reported. */
const MIN_SUPPLIERS = 5;

/**
 * Returns one warning for each feature that ranks the given rows nearly perfectly by itself, by its values or by
 * whether they are missing, and one when the label never changes for a supplier. Such a feature often contains the
 * label, or is recorded after it. Empty with fewer than 10 rows of a class.
 */
export function leakWarnings(table: FeatureTable, labels: Uint8Array, rows: Uint32Array): string[] {
  const ofRows = Uint8Array.from(rows, (row) => labels[row]);
  const positives = ofRows.reduce((sum, label) => sum + label, 0);
  if (positives < MIN_CLASS_ROWS || rows.length - positives < MIN_CLASS_ROWS) return [];
  const warnings: string[] = [];
  for (const [name, column] of table.numbers) {
    const values = Float64Array.from(rows, (row) => column[row]);
    const present = values.map((value) => (Number.isNaN(value) ? 0 : 1));
    warnings.push(...rankWarning(name, "being filled in", present, ofRows));
    const known = ofRows.filter((_, i) => present[i] === 1);
    if (countOf(known) >= MIN_CLASS_ROWS && known.length - countOf(known) >= MIN_CLASS_ROWS)
      warnings.push(
        ...rankWarning(
          name,
          "value",
          values.filter((value) => !Number.isNaN(value)),
          known,
        ),
      );
  }
  for (const [name, column] of table.categories) {
    const texts = Array.from(rows, (row) => column[row] ?? null);
    warnings.push(...rankWarning(name, "category", ratesOf(texts, ofRows), ofRows));
  }
  const constant = constantLabelWarning(table, labels, rows);
  return constant === null ? warnings : [...warnings, constant];
}

const countOf = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

function rankWarning(name: string, what: string, scores: Float64Array, labels: Uint8Array): string[] {
  if (!mayRank(scores, labels)) return [];
  const auc = createRanking(scores, labels).auc();
  const strength = Math.max(auc, 1 - auc);
  if (!(strength > LEAK_AUC)) return [];
  const how =
    strength === 1
      ? `its ${what} separates the classes without an error`
      : `its ${what} alone ranks the rows almost without an error (AUC ${strength.toFixed(4)})`;
  return [
    `the feature ${name} may contain the label: ${how}. Check when it is recorded, and leave it out if that is after the label`,
  ];
}

/**
 * Whether the AUC of `scores` can be above the limit, by a sample of both classes: it spares the sorting of nearly
 * all columns.
 */
function mayRank(scores: Float64Array, labels: Uint8Array): boolean {
  const [positive, negative] = [sampleOf(labels, 1), sampleOf(labels, 0)];
  let wins = 0;
  for (const a of positive)
    for (const b of negative) wins += scores[a] > scores[b] ? 1 : scores[a] === scores[b] ? 0.5 : 0;
  return Math.abs(wins / (positive.length * negative.length) - 0.5) > SAMPLE_STRENGTH;
}

/** Number of rows of each class in the sample. */
const SAMPLE_ROWS = 100;
/** Distance of the sample's AUC from 0.5 above which the whole column is ranked. */
const SAMPLE_STRENGTH = 0.4;

/** Returns the indexes of at most about `SAMPLE_ROWS` rows of a class, at equal distances. */
function sampleOf(labels: Uint8Array, wanted: 0 | 1): number[] {
  const positives = countOf(labels);
  const step = Math.max(1, Math.floor((wanted === 1 ? positives : labels.length - positives) / SAMPLE_ROWS));
  const sample: number[] = [];
  let seen = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === wanted && seen++ % step === 0) sample.push(i);
  return sample;
}

/** Returns the share of positives of each row's category; rare categories together have one share. */
function ratesOf(texts: readonly (string | null)[], labels: Uint8Array): Float64Array {
  const counts = new Map<string | null, { rows: number; positives: number }>();
  for (const [i, text] of texts.entries()) {
    const count = counts.get(text) ?? { rows: 0, positives: 0 };
    count.rows++;
    count.positives += labels[i];
    counts.set(text, count);
  }
  const rare = { rows: 0, positives: 0 };
  for (const { rows, positives } of counts.values())
    if (rows < MIN_CATEGORY_ROWS) {
      rare.rows += rows;
      rare.positives += positives;
    }
  return Float64Array.from(texts, (text) => {
    const own = counts.get(text) ?? rare;
    const { rows, positives } = own.rows < MIN_CATEGORY_ROWS ? rare : own;
    return positives / rows;
  });
}

/** A label that is the same at all dates of a supplier is often a status that was recorded at the end. */
function constantLabelWarning(table: FeatureTable, labels: Uint8Array, rows: Uint32Array): string | null {
  if (table.asOfDays === null) return null;
  const suppliers = new Map<string, { rows: number; positives: number }>();
  for (const row of rows) {
    const id = table.supplierIds[row] ?? "";
    const supplier = suppliers.get(id) ?? { rows: 0, positives: 0 };
    supplier.rows++;
    supplier.positives += labels[row];
    suppliers.set(id, supplier);
  }
  const long = [...suppliers.values()].filter(({ rows }) => rows >= MIN_SUPPLIER_ROWS);
  const positive = long.filter(({ rows, positives }) => rows === positives).length;
  const negative = long.filter(({ positives }) => positives === 0).length;
  if (positive < MIN_SUPPLIERS || negative < MIN_SUPPLIERS || positive + negative < long.length) return null;
  return `the label may be known only later: it is the same at all dates of each of ${countText(long.length, "supplier")} with ${MIN_SUPPLIER_ROWS} dates or more. A status that was recorded at the end shows the future on every earlier row; use the event as the label`;
}
