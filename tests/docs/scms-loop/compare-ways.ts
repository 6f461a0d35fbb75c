import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { RetrainOutcome } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { readImportance } from "@bellwether/registry/versions/read-importance";
import { parseImportance } from "@bellwether/risk-model/importance/importance";
import type { Decision } from "./decide-promotion.ts";
import { DAY_MS, type Delivery, HORIZON_DAYS, labelsOfWeek } from "./deliveries.ts";
import { type LabelledVendor, measureQuarters, measureRows, type QuarterQuality } from "./quarter-quality.ts";
import type { Month } from "./replay-month.ts";
import { scoreMonths } from "./score-months.ts";
import { MODEL } from "./until.ts";

/** A month with the decision about the version that its retrain has published. */
export type DecidedMonth = Month & { readonly decision: Decision | null };

/** The first version: the scorecard. */
export const SCORECARD = "v1";
/** Months after a retrain on which its version is measured. */
const NEXT_MONTHS = 3;

/** A trained version on the three months after its retrain, beside the champion of the day of the retrain and the scorecard. */
export interface VersionQuality {
  readonly version: string;
  /** The champion when the version was trained. */
  readonly champion: string;
  readonly isPromoted: boolean;
  /** The features with contributions, the most important first, with their share. Empty: every vendor has the same score. */
  readonly uses: readonly { readonly feature: string; readonly share: number }[];
  /** Ways: "version", "champion", "scorecard", and the trivial one. Null: the file does not have the outcomes of these months. */
  readonly quality: QuarterQuality | null;
}

/** All ways to decide, measured on the same vendors. */
export interface Comparison {
  readonly quarters: readonly QuarterQuality[];
  readonly versions: readonly VersionQuality[];
  /** The first trained version. Empty: none was published. */
  readonly firstTrained: string;
}

/** The ways that are measured in each quarter. */
export const MEASURED_WAYS = ["loop", "newest", "first", "scorecard"] as const;

/** Scores the months with each version, and measures each way to decide. @throws Error when no month has outcomes */
export async function compareWays(
  registry: string,
  months: readonly DecidedMonth[],
  deliveries: readonly Delivery[],
): Promise<Comparison> {
  const published = months.flatMap(({ retrain, decision, version: champion }, at) =>
    retrain?.outcome === RetrainOutcome.PUBLISHED
      ? [{ at, version: retrain.version, champion, isPromoted: decision?.isPromoted ?? false }]
      : [],
  );
  const scoresOf = new Map<string, ReadonlyMap<string, Float64Array>>();
  for (const version of [SCORECARD, ...published.map((one) => one.version)])
    scoresOf.set(version, await scoreMonths(registry, version, months));
  const [first] = published;
  const lastDay = deliveries.reduce((last, { scheduledDay }) => Math.max(last, scheduledDay), 0);
  const rowsOf = (at: number, versions: Readonly<Record<string, string>>): LabelledVendor[] => {
    const month = months[at];
    // A window that the file does not cover has no label.
    if (month === undefined || Date.parse(isoWeekEnd(month.isoWeek)) / DAY_MS + HORIZON_DAYS > lastDay) return [];
    const { isoWeek, rows } = month;
    const labels = new Map(labelsOfWeek(deliveries, isoWeek).map((label) => [label.vendor, label]));
    return rows.vendors.flatMap((vendor, row) => {
      const label = labels.get(vendor);
      const score = (version: string): number => scoresOf.get(version)?.get(isoWeek)?.[row] ?? Number.NaN;
      const scores = Object.fromEntries(Object.entries(versions).map(([way, version]) => [way, score(version)]));
      // A vendor with too few values has no score of any version.
      return label === undefined || Number.isNaN(score(SCORECARD)) ? [] : [{ isoWeek, vendor, label, scores }];
    });
  };
  const rows = months.flatMap(({ version }, at) =>
    rowsOf(at, {
      ...{ loop: version, scorecard: SCORECARD },
      newest: published.findLast((one) => one.at < at)?.version ?? SCORECARD,
      // Before it was trained, and in its month, its scores would look into the future.
      first: first !== undefined && at > first.at ? first.version : "",
    }),
  );
  if (rows.length === 0) throw new Error("no month has outcomes: choose a later --to");
  const known = rows.map(({ label }) => label);
  const versionQuality = async ({ at, ...one }: (typeof published)[number]): Promise<VersionQuality> => {
    const next = Array.from({ length: NEXT_MONTHS }, (_, i) => at + 1 + i).flatMap((month) =>
      rowsOf(month, { version: one.version, champion: one.champion, scorecard: SCORECARD }),
    );
    const ways = ["version", "champion", "scorecard"];
    const quality = next.length === 0 ? null : measureRows(one.version, next, ways, known);
    return { ...one, uses: await featuresOf(registry, one.version), quality };
  };
  return {
    quarters: measureQuarters(rows, MEASURED_WAYS),
    versions: await Promise.all(published.map(versionQuality)),
    firstTrained: first?.version ?? "",
  };
}

/** Returns the features with contributions, the most important first. */
async function featuresOf(registry: string, version: string): Promise<VersionQuality["uses"]> {
  const { importanceJson } = await readImportance(registry, MODEL, version);
  if (importanceJson === null) return [];
  const { features } = parseImportance(importanceJson);
  return features.filter(({ meanMagnitude }) => meanMagnitude > 0).map(({ feature, share }) => ({ feature, share }));
}
