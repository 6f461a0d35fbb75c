/** Values of one supplier. */
export interface StoryValues {
  readonly disputes: number;
  readonly delay: number;
  readonly delivery: number;
  readonly region: string;
}

const REGIONS = ["north", "east", "south", "west"] as const;

/**
 * Returns evenly distributed values of supplier `i`, the same in training and in weekly files. Suppliers with 8 disputes or
 * more have the same values, so that a tree can only divide them by their disputes.
 */
export function valuesOf(i: number, disputes: number): StoryValues {
  if (disputes >= 8) return { disputes, delay: 20, delivery: 82.5, region: "north" };
  const even = (step: number): number => (0.5 + i * step) % 1;
  return {
    disputes,
    delay: Math.round((10 + 20 * even(0.618034)) * 100) / 100,
    delivery: Math.round((70 + 25 * even(0.754878)) * 100) / 100,
    region: REGIONS[Math.floor(4 * even(0.56984))] ?? "north",
  };
}

/** What is special about a weekly file. */
export interface StoryFile {
  /** Disputes of suppliers that do not have their usual number. Null: the supplier is not in the file. */
  readonly disputes?: Readonly<Record<string, number | null>>;
  /** Days that are added to each delay. */
  readonly delayBy?: number;
  /** Rows whose delay is not a number, at the end of the file. */
  readonly broken?: number;
  /** Leaves out every third of the suppliers without a name. */
  readonly isShort?: boolean;
}

/** Suppliers without a name: their score is always low. */
const OTHERS = 194;
const NAMED: Readonly<Record<string, number>> = {
  ...{ "Eight-1": 8, "Eight-2": 8, "Eight-3": 8, "Nine-1": 9, "Nine-2": 9, "Nine-3": 9 },
  ...{ Flapping: 0, Vanishing: 0, Late: 0 },
};

const HEADER = "supplier_id,past_disputes,avg_payment_delay_days,delivery_score,region,spend";

/** Returns the weekly file of week `number`: no two weeks have the same rows. */
export function storyCsv(number: number, file: StoryFile = {}): string {
  const { disputes = {}, delayBy = 0, broken = 0, isShort = false } = file;
  const line = (id: string, i: number, ofSupplier: number, spend = 1_000): string => {
    const { delay, delivery, region } = valuesOf(i, ofSupplier);
    return `${id},${ofSupplier},${(delay + delayBy).toFixed(2)},${delivery},${region},${spend}`;
  };
  const others = Array.from({ length: OTHERS }, (_, i) => i).filter((i) => !isShort || i % 3 !== 1);
  const lines = [
    ...others.map((i) => line(`Other-${i}`, i, i % 8, i === 0 ? 1_000 + number : 1_000)),
    ...Object.entries({ ...NAMED, ...disputes }).flatMap(([id, of], i) =>
      of === null ? [] : [line(id, OTHERS + i, of)],
    ),
    ...Array.from({ length: broken }, (_, i) => `Broken-${i},1,soon,80,north,1000`),
  ];
  return `${HEADER}\n${lines.join("\n")}\n`;
}
