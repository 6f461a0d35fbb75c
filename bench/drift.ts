import { DEFAULT_DRIFT_POLICY } from "@bellwether/config/risk-policy";
import { compareWeek, type DriftComparison, type WeekValues } from "@bellwether/drift/compare/compare-week";
import { profileCategories } from "@bellwether/drift/profile/category-profile";
import type { TrainingProfile } from "@bellwether/drift/profile/training-profile";
import { createRandom } from "@bellwether/risk-model/random";
import { NUMBERS, simulateSuppliers, simulateTraining } from "../services/lib/drift/test/simulated-weeks.ts";
import { comparePeer } from "./drift-peer.ts";
import { type Bench, type Metric, metric } from "./metric.ts";

const WEEKS = 1_000;
/** Weeks of the same suppliers that follow each other; then other suppliers and other training rows begin. */
const WEEKS_IN_A_ROW = 4;
/** Suppliers that a weekly run compares when it has more (DRIFT_SUPPLIERS of scheduler-service). */
const COMPARED = 10_000;
const SIZES = [300, 3_000, 100_000];
const SHIFTED_WEEKS = 400;
const SMALL_SHIFT_WEEKS = 60;
const PLANTED = 100;
/** A feature that has another value in each supplier, so that adding a share of σ shifts it. */
const SHIFTED = NUMBERS.filter(({ name }) => name !== "constant");

/** Counts alarms in simulated weeks without drift and with planted drift. Seeds are fixed: each run prints the same. */
export const bench: Bench = async ({ log }) => {
  const metrics: Metric[] = [];
  for (const rows of SIZES) {
    const started = performance.now();
    const { weeks, byReference } = falseAlarms(rows);
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    log(
      `${rows} rows: ${weeks} of ${WEEKS} weeks without drift have an alarm (${JSON.stringify(byReference)}), ${seconds} s`,
    );
    metrics.push(
      metric({
        ...{ name: `drift.false_alarms.${rows}`, value: weeks / WEEKS, unit: "share of weeks without drift" },
        ...{ gate: 0.018, stretch: 0.01, better: "lower" },
      }),
    );
  }
  const found = shiftsFound(3_000, 0.15, SHIFTED_WEEKS);
  metrics.push(foundMetric("drift.found.shift_0.15_sigma.3000", found.share, 0.95, 0.99));
  log(`0.15 σ at 3000 rows: missed ${JSON.stringify(found.missed)}`);
  const small = shiftsFound(100_000, 0.02, SMALL_SHIFT_WEEKS);
  metrics.push(
    metric({
      ...{ name: "drift.alarms.shift_0.02_sigma.100000", value: small.share, unit: "share of weeks" },
      ...{ gate: 0, better: "lower" },
    }),
  );
  for (const rows of [300, 3_000]) {
    metrics.push(foundMetric(`drift.found.constant_changes.${rows}`, planted(rows, constantChanges), 1));
    metrics.push(foundMetric(`drift.found.category_20_to_40.${rows}`, planted(rows, categoryGrows), 1));
    const trend = trendFound(rows);
    // With 300 suppliers in training and week, chance hides a twentieth of such a trend for eight weeks or less.
    metrics.push(foundMetric(`drift.found.slow_trend.${rows}`, trend, rows < 1_000 ? 0.95 : 1));
  }
  for (const measured of metrics) log(`${measured.name} ${measured.value}`);
  return [...metrics, ...(await comparePeer(log))];
};

const foundMetric = (name: string, value: number, gate: number, stretch?: number): Metric =>
  metric({ name, value, unit: "share found", gate, ...(stretch !== undefined && { stretch }), better: "higher" });

const alarmsOf = (comparisons: readonly DriftComparison[]): DriftComparison[] =>
  comparisons.filter(({ outcome }) => outcome === "alarm");

function compare(
  present: WeekValues,
  training: TrainingProfile | null,
  previous: WeekValues | null,
): DriftComparison[] {
  return alarmsOf(compareWeek(present, { training, previous }, DEFAULT_DRIFT_POLICY));
}

function falseAlarms(rows: number) {
  const byReference = { training: 0, "previous-week": 0 };
  let weeks = 0;
  for (let chain = 0; chain < WEEKS / WEEKS_IN_A_ROW; chain++) {
    const seed = rows + chain;
    const training = simulateTraining(Math.min(rows, COMPARED), seed);
    const suppliers = simulateSuppliers(Math.min(rows, COMPARED), seed, "weeks");
    let previous = suppliers.nextWeek();
    for (let week = 0; week < WEEKS_IN_A_ROW; week++) {
      const present = suppliers.nextWeek();
      const alarms = compare(present, training, previous);
      for (const { reference } of alarms) byReference[reference]++;
      if (alarms.length > 0) weeks++;
      previous = present;
    }
  }
  return { weeks, byReference };
}

/** Shifts one feature after another by a share of its standard deviation, from one week to the next. */
function shiftsFound(rows: number, sigmas: number, weeks: number) {
  const missed: Record<string, number> = {};
  let found = 0;
  for (let week = 0; week < weeks; week++) {
    const { name } = SHIFTED[week % SHIFTED.length] ?? { name: "" };
    const seed = 7 * rows + week;
    const size = Math.min(rows, COMPARED);
    const training = simulateTraining(size, seed);
    const suppliers = simulateSuppliers(size, seed, "weeks");
    const [previous, present] = [suppliers.nextWeek(), suppliers.nextWeek()];
    const by = sigmas * deviation(previous.numbers.get(name) ?? new Float64Array());
    const alarms = compare(
      changed(present, name, (x) => x + by),
      training,
      previous,
    );
    if (alarms.some(({ feature }) => feature === name)) found++;
    else missed[name] = (missed[name] ?? 0) + 1;
  }
  return { share: found / weeks, missed };
}

function planted(rows: number, plant: (rows: number, seed: number) => boolean): number {
  let found = 0;
  for (let week = 0; week < PLANTED; week++) if (plant(rows, week)) found++;
  return found / PLANTED;
}

function constantChanges(rows: number, seed: number): boolean {
  const suppliers = simulateSuppliers(rows, seed, "constant");
  const [previous, present] = [suppliers.nextWeek(), suppliers.nextWeek()];
  const alarms = compare(
    changed(present, "constant", () => 5),
    simulateTraining(rows, seed),
    previous,
  );
  return alarms.some(({ feature }) => feature === "constant");
}

/** The share of a category grows from 20 to 40 % of the suppliers within a week. */
function categoryGrows(rows: number, seed: number): boolean {
  const random = createRandom(seed, "category");
  const suppliers = simulateSuppliers(rows, seed, "category");
  const withGrade = (week: WeekValues, grades: readonly string[]): WeekValues => ({
    ...week,
    categories: new Map([...week.categories, ["grade", grades]]),
  });
  const draw = (share: number): string => (random.uniform() < share ? "C" : random.uniform() < 0.5 ? "A" : "B");
  const before = Array.from({ length: rows }, () => draw(0.2));
  const after = before.map((grade) => (grade !== "C" && random.uniform() < 0.25 ? "C" : grade));
  const training = simulateTraining(rows, seed);
  const grade = profileCategories(
    "grade",
    Array.from({ length: rows }, () => draw(0.2)),
  );
  const previous = withGrade(suppliers.nextWeek(), before);
  const present = withGrade(suppliers.nextWeek(), after);
  const alarms = compare(present, { ...training, features: [...training.features, grade] }, previous);
  return alarms.some(({ feature }) => feature === "grade");
}

/** The feature whose standard deviation is half its mean grows by 3 % each week. */
function trendFound(rows: number): number {
  let found = 0;
  for (let seed = 0; seed < PLANTED; seed++) {
    const training = simulateTraining(rows, seed);
    const suppliers = simulateSuppliers(rows, seed, "trend");
    let previous = suppliers.nextWeek();
    for (let week = 1; week <= 8; week++) {
      const present = changed(suppliers.nextWeek(), "skewed", (x) => x * 1.03 ** week);
      const alarms = compare(present, training, previous);
      previous = present;
      if (!alarms.some(({ feature, reference }) => feature === "skewed" && reference === "training")) continue;
      found++;
      break;
    }
  }
  return found / PLANTED;
}

function changed(week: WeekValues, name: string, change: (x: number) => number): WeekValues {
  const values = week.numbers.get(name);
  return values ? { ...week, numbers: new Map([...week.numbers, [name, values.map(change)]]) } : week;
}

function deviation(values: Float64Array): number {
  const known = values.filter((x) => !Number.isNaN(x));
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return Math.sqrt(known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / known.length);
}
