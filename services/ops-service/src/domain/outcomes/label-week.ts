/** Days since 1970. */
export type Day = number;

/** A dated event. */
export interface RiskEvent {
  readonly happened: Day;
  readonly known: Day;
}

/** An outcome that was recorded for a supplier and a week. */
export interface WeekRecord {
  readonly occurred: boolean;
  readonly known: Day;
}

/** What the disposition of an alert says, about the weeks from its raise to its resolution. */
export interface DispositionLabel {
  readonly occurred: boolean;
  readonly known: Day;
  readonly fromWeek: string;
  readonly toWeek: string;
}

/** All that is known about outcomes of a model, by number of the supplier. */
export interface LabelSources {
  readonly events: ReadonlyMap<number, readonly RiskEvent[]>;
  /** By ISO week. */
  readonly records: ReadonlyMap<string, ReadonlyMap<number, WeekRecord>>;
  readonly dispositions: ReadonlyMap<number, readonly DispositionLabel[]>;
}

/** A week whose suppliers get labels. */
export interface LabelledWeek {
  readonly isoWeek: string;
  /** Last day of the week. */
  readonly end: Day;
  /** Number of suppliers with a score in the week, also those that are not in `suppliers`. */
  readonly scored: number;
  readonly suppliers: Int32Array;
  /** Suppliers of the review sample, and the number of suppliers of which they were drawn; 0: no sample. */
  readonly reviewed: ReadonlySet<number>;
  readonly frame: number;
}

export interface LabelRules {
  readonly horizonDays: number;
  /** Null: events are not recorded completely. */
  readonly completeAfterDays: number | null;
  /** The day on which outcomes had to be known. */
  readonly knownOn: Day;
}

/** Where a label comes from. */
export type LabelOrigin = "event" | "record" | "review" | "disposition" | "absence";

/** How much is known about the outcomes of a week. */
export interface Coverage {
  readonly scored: number;
  readonly labelled: number;
  readonly from: Readonly<Record<LabelOrigin, number>>;
  /** Number of suppliers with outcomes of several sources, and of those whose sources contradict each other. */
  readonly compared: number;
  readonly contradictory: number;
  readonly outsideSample: number;
  readonly isImmature: boolean;
  readonly reviewSample: number;
  readonly reviewFrame: number;
}

/** The labels of a week. */
export interface WeekLabels {
  /** Positions in `suppliers` of those with a label that is measured. */
  readonly positions: Uint32Array;
  /** The arrays have one element for each position. */
  readonly labels: Uint8Array;
  readonly weights: Float64Array;
  /** Day from which each label was known. */
  readonly known: Int32Array;
  readonly isWeighted: boolean;
  readonly coverage: Coverage;
}

interface Label {
  readonly position: number;
  readonly occurred: boolean;
  readonly known: Day;
  readonly origin: LabelOrigin;
  readonly isReviewed: boolean;
}

/** From this share of the scored suppliers on, the outcomes of a week are not those of a selection. */
const NEARLY_ALL = 0.9;

/**
 * Labels the suppliers of a week. A dated event within the horizon counts before a record of the week, a record before the disposition of
 * an alert, and all of them before the end of the horizon without an event. Where events are recorded completely, a week has labels when
 * its horizon is over. Elsewhere the labels are those of alerted suppliers and of the review sample, weighted by the number of suppliers
 * for which they stand; a label whose supplier was selected in another way is left out and counted.
 */
export function labelWeek(week: LabelledWeek, sources: LabelSources, rules: LabelRules): WeekLabels {
  const { horizonDays, completeAfterDays, knownOn } = rules;
  const isImmature = week.end + horizonDays + (completeAfterDays ?? 0) > knownOn;
  const absence = absenceFrom(week.end, rules);
  const found = readLabels(week, sources, rules, absence);
  // Before the end of the horizon, events would be known and their absence would not.
  const usable = completeAfterDays !== null && isImmature ? [] : found.labels;
  const chosen = completeAfterDays === null ? weighLabels(week, usable) : weighEqually(usable);
  const from = { event: 0, record: 0, review: 0, disposition: 0, absence: 0 };
  for (const { origin } of chosen.labels) from[origin]++;
  return {
    positions: Uint32Array.from(chosen.labels, ({ position }) => position),
    labels: Uint8Array.from(chosen.labels, ({ occurred }) => (occurred ? 1 : 0)),
    weights: chosen.weights,
    known: Int32Array.from(chosen.labels, ({ known }) => known),
    isWeighted: chosen.isWeighted,
    coverage: {
      ...{ scored: week.scored, labelled: chosen.labels.length, from, isImmature },
      ...{ compared: found.compared, contradictory: found.contradictory },
      outsideSample: usable.length - chosen.labels.length,
      ...{ reviewSample: week.reviewed.size, reviewFrame: week.frame },
    },
  };
}

/** What one source says about a supplier and a week. */
export type SaidOutcome = Pick<Label, "occurred" | "known" | "origin">;

/** Returns what all sources say about a supplier and a week, the source that counts first. */
export function outcomesSaid(
  supplier: number,
  { isoWeek, end, isReviewed }: Pick<LabelledWeek, "isoWeek" | "end"> & { readonly isReviewed: boolean },
  { events, records, dispositions }: LabelSources,
  { horizonDays, knownOn }: Pick<LabelRules, "horizonDays" | "knownOn">,
): SaidOutcome[] {
  const said: SaidOutcome[] = [];
  const event = events
    .get(supplier)
    ?.find(({ happened, known }) => happened > end && happened <= end + horizonDays && known <= knownOn);
  if (event) said.push({ occurred: true, known: event.known, origin: "event" });
  const record = records.get(isoWeek)?.get(supplier);
  if (record && record.known <= knownOn) said.push({ ...record, origin: isReviewed ? "review" : "record" });
  for (const { fromWeek, toWeek, occurred, known } of dispositions.get(supplier) ?? [])
    if (fromWeek <= isoWeek && isoWeek <= toWeek && known <= knownOn)
      said.push({ occurred, known, origin: "disposition" });
  return said;
}

/**
 * Returns the day from which a supplier without an event counts as not occurred. Null: events are not recorded completely, or the horizon
 * of the week is not over.
 */
export function absenceFrom(end: Day, { horizonDays, completeAfterDays, knownOn }: LabelRules): Day | null {
  const overFrom = end + horizonDays + (completeAfterDays ?? 0);
  return completeAfterDays === null || overFrom > knownOn ? null : overFrom;
}

/** Returns the labels of a week from all sources. @param absence day from which a supplier without an event counts as not occurred */
function readLabels(
  week: LabelledWeek,
  sources: LabelSources,
  rules: LabelRules,
  absence: Day | null,
): { readonly labels: readonly Label[]; readonly compared: number; readonly contradictory: number } {
  const labels: Label[] = [];
  let [compared, contradictory] = [0, 0];
  for (const [position, supplier] of week.suppliers.entries()) {
    const isReviewed = week.reviewed.has(supplier);
    const said = outcomesSaid(supplier, { isoWeek: week.isoWeek, end: week.end, isReviewed }, sources, rules);
    if (said.length > 1) {
      compared++;
      if (said.some(({ occurred }) => occurred !== said[0]?.occurred)) contradictory++;
    }
    const [first] = said;
    if (first) labels.push({ ...first, position, isReviewed });
    else if (absence !== null)
      labels.push({ position, occurred: false, known: absence, origin: "absence", isReviewed });
  }
  return { labels, compared, contradictory };
}

interface WeighedLabels {
  readonly labels: readonly Label[];
  readonly weights: Float64Array;
  readonly isWeighted: boolean;
}

const weighEqually = (labels: readonly Label[]): WeighedLabels => ({
  labels,
  weights: new Float64Array(labels.length).fill(1),
  isWeighted: false,
});

/**
 * Weighs the labels of a selection: each alerted supplier and each supplier of the review sample stands for as many suppliers of its kind
 * as have no outcome (Hájek 1971). Without an answered review, it is not known how the others were selected, and all weigh the same.
 */
function weighLabels({ scored, frame }: LabelledWeek, labels: readonly Label[]): WeighedLabels {
  const reviews = labels.filter(({ isReviewed }) => isReviewed).length;
  if (reviews === 0 || frame === 0 || labels.length >= NEARLY_ALL * scored) return weighEqually(labels);
  const chosen = labels.filter(({ isReviewed, origin }) => isReviewed || origin === "disposition");
  const alerted = chosen.length - reviews;
  const ofAlerted = alerted === 0 ? 1 : Math.max(1, (scored - frame) / alerted);
  const ofReviewed = Math.max(1, frame / reviews);
  return {
    labels: chosen,
    weights: Float64Array.from(chosen, ({ isReviewed }) => (isReviewed ? ofReviewed : ofAlerted)),
    isWeighted: true,
  };
}
