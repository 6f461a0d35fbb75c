import type { ModelSpec } from "@bellwether/config/model-spec";
import { percentText } from "@bellwether/risk-model/scorecard/scorecard-card";

/** Values of a sample of suppliers by feature, NaN = missing. */
export interface DraftRows {
  readonly rows: number;
  readonly numbers: ReadonlyMap<string, Float64Array>;
}

/** A number with guessed points: `points` has one entry more than `cuts`. */
interface DraftFeature {
  readonly name: string;
  readonly unit: string;
  /** Ascending. */
  readonly cuts: readonly number[];
  readonly points: readonly number[];
  readonly higherIs: "more risk" | "less risk";
}

/** Parts of names of numbers that are usually more risk when they are higher, in English and German. */
const RAISES =
  /delay|late(?:_|$)|overdue|past_due|dispute|complain|defect|incident|claim|penalt|debt|leverage|loss|risk|breach|dunning|verzug|verspät|verspaet|mahn|reklam|streit|schuld|ausfall/;
/** And less risk. */
const LOWERS =
  /score|rating|quality|on_time|punctual|stability|liquid|equity|profit|cash|satisf|relationship|qualit|bonit|eigenkapital|rendite|pünktlich|puenktlich/;

/** Points from the usual half of the suppliers to the riskiest tenth. */
const POINTS = [0, 5, 10, 20] as const;
const MISSING_POINTS = 5;
/** Probability that the draft gives to a supplier at the limit of the band high. */
const HIGH_PROBABILITY = 0.3;
/** Share of the suppliers that the draft aims to put in the bands high, and medium or high. Equal sums of points make it larger. */
const SHARES = { high: 0.05, medium: 0.15 } as const;

/**
 * Returns a draft of scorecard.yaml: ranges at quantiles of the rows, points by what the names of the numbers suggest.
 * Null: no name suggests a direction, so there is nothing to draft points from.
 */
export function draftScorecard(model: ModelSpec, table: DraftRows, file: string): string | null {
  const drafted = model.features.flatMap(({ name, unit, range }): DraftFeature[] => {
    const values = table.numbers.get(name);
    const higherIs = RAISES.test(name) ? "more risk" : LOWERS.test(name) ? "less risk" : null;
    if (values === undefined || range === null || higherIs === null) return [];
    const cuts = cutsOf(values, range, higherIs);
    if (cuts.length === 0) return [];
    const ascending = POINTS.slice(0, cuts.length + 1);
    return [{ name, unit, cuts, higherIs, points: higherIs === "more risk" ? ascending : ascending.toReversed() }];
  });
  if (drafted.length === 0) return null;
  const names = new Set(drafted.map(({ name }) => name));
  const unused = model.features.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  if (model.text !== null) unused.push(model.text.name);
  const { medium, high, median, shares } = limitsOf(drafted, table, model.minimumPresent);
  const doubling = Math.max(1, Math.round((high - median) / 3));
  return `# Drafted by \`bellwether init\` from ${file.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 100)}. Every number of points is a guess that a person must check: docs/scorecard.md.
version: 1

# TODO: a judgement until there are outcomes. A supplier at the limit of high has this probability of the risk, and the usual supplier
# (${median} points) an eighth of its odds.
scale: { points: ${high}, probability: ${HIGH_PROBABILITY}, points_to_double_the_odds: ${doubling} }

# TODO: as drafted, ${percentText(shares.high)} of the suppliers of the file with a score are high, and ${percentText(shares.medium)} medium or high.
bands: { medium: ${medium}, high: ${high} }

# TODO: the limits are the median, the upper quarter and the upper tenth of the file (the lower ones where a higher number is less risk).
# Replace them by limits that mean something to you. Ranges include their lower end.
features:
${drafted.map(featureLines).join("\n")}

# TODO: features without points: their names do not say what a higher value means.
unused: [${unused.join(", ")}]
`;
}

/** Returns the quantiles at which the points change, ascending: rounded, different, and inside the range. */
function cutsOf(
  values: Float64Array,
  [min, max]: readonly [number, number],
  higherIs: DraftFeature["higherIs"],
): number[] {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  if (known.length === 0) return [];
  const shares = higherIs === "more risk" ? [0.5, 0.75, 0.9] : [0.1, 0.25, 0.5];
  const cuts = shares.map((share) => {
    const value = known[Math.floor(share * (known.length - 1))] ?? Number.NaN;
    return Number.isInteger(value) && Math.abs(value) < 1000 ? value : Number(value.toPrecision(2));
  });
  const first = known[0] ?? Number.NaN;
  return [...new Set(cuts)].filter((cut) => cut > min && cut < max && cut > first).sort((a, b) => a - b);
}

/**
 * Returns the limits of the bands in points, near the wanted shares of the rows with a score, the points of the median
 * row, and the real shares. Numbers are compared as float32, as in the model.
 */
function limitsOf(drafted: readonly DraftFeature[], { rows, numbers }: DraftRows, minimumPresent: number) {
  const numberOf = (name: string, row: number): number => Math.fround(numbers.get(name)?.[row] ?? Number.NaN);
  const isKnown =
    (row: number) =>
    ({ name }: DraftFeature) =>
      !Number.isNaN(numberOf(name, row));
  const scored = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => drafted.filter(isKnown(row)).length >= minimumPresent * drafted.length - 1e-9,
  );
  const sums = Float64Array.from(scored, (row) =>
    drafted.reduce((sum, { name, cuts, points }) => {
      const value = numberOf(name, row);
      if (Number.isNaN(value)) return sum + MISSING_POINTS;
      return sum + (points[cuts.filter((cut) => value >= Math.fround(cut)).length] ?? 0);
    }, 0),
  ).sort();
  const at = (share: number): number => sums[Math.floor(share * (sums.length - 1))] ?? 0;
  const shareFrom = (limit: number): number => sums.filter((sum) => sum >= limit).length / Math.max(1, sums.length);
  const most = drafted.reduce((sum, { points }) => sum + Math.max(...points), 0);
  const high = Math.max(2, Math.min(most, at(1 - SHARES.high)));
  const medium = Math.max(1, Math.min(high - 1, at(1 - SHARES.medium)));
  const shares = { high: shareFrom(high), medium: shareFrom(medium) };
  return { high, medium, median: Math.min(high - 1, at(0.5)), shares };
}

function featureLines({ name, unit, cuts, points, higherIs }: DraftFeature): string {
  const ranges = points.map((value, i) => {
    const from = i === 0 ? "" : `from: ${cuts[i - 1]}, `;
    const to = i === points.length - 1 ? "" : `to: ${cuts[i]}, `;
    return `      - { ${from}${to}points: ${value} }`;
  });
  return [
    `  - name: ${name}   # ${unit === "" ? "TODO: unit" : unit}; TODO: a guess that a higher number is ${higherIs}`,
    "    ranges:",
    ...ranges,
    `    missing: ${MISSING_POINTS}`,
  ].join("\n");
}
