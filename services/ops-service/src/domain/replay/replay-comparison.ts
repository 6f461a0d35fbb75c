/** What a replay found missing or different, as ReplayFindingCode of the contract describes it. */
export type FindingCode =
  | "input_not_kept"
  | "text_not_kept"
  | "input_too_large"
  | "payload_erased"
  | "record_changed"
  | "version_removed"
  | "model_differs"
  | "configuration_differs"
  | "runtime_differs"
  | "kernel_differs"
  | "not_a_score"
  | "input_rejected"
  | "scores_expired"
  | "version_rejected"
  | "contributions_not_kept";

/** One thing that is missing or differs, in one sentence for a person. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}

/** One value that differs from the recorded one: bits in hex, the name of a band, or a digest. Empty: there is none. */
export interface Difference {
  readonly supplierId: string;
  readonly field: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** The version and the programs that computed a score. Fields that were not recorded are empty. */
export interface ModelRecord {
  readonly name: string;
  readonly version: string;
  readonly modelDigest: string;
  readonly bundleDigest: string;
  readonly configHash: string;
  readonly runtime: string;
  readonly kernel: string;
}

/** The result of a replay, as ReplayComparison of the contract describes it. */
export interface Comparison {
  readonly outcome: "equal" | "different" | "not_replayable";
  readonly decisions: number;
  readonly decisionsDifferent: number;
  readonly numbers: number;
  readonly numbersDifferent: number;
  readonly differences: readonly Difference[];
  readonly findings: readonly Finding[];
  readonly recordedBy: ModelRecord | null;
  readonly replayedBy: ModelRecord | null;
}

/** Findings that leave the comparison whole: the numbers were compared all the same. */
const ONLY_NAMED: ReadonlySet<FindingCode> = new Set([
  ...(["configuration_differs", "runtime_differs", "kernel_differs", "contributions_not_kept"] as const),
]);
/** Maximum number of differences, and of findings, in a comparison. */
const MAX_LISTED = 20;

/** Collects the comparison of recorded and computed numbers. */
export interface ComparisonBuilder {
  /** Begins the next decision. */
  begin(supplierId: string): void;
  /** What follows is about all decisions together. */
  whole(): void;
  /** Counts a number that has the same bits. */
  same(): void;
  /** Compares the bits of float64 numbers. Null: there is none. */
  float64(field: string, recorded: number | null, replayed: number | null): void;
  /** Compares the bits of float32 numbers. */
  float32(field: string, recorded: number, replayed: number): void;
  /** Compares texts: the bits of a number in hex, or the name of a band. Empty: there is none. */
  text(field: string, recorded: string, replayed: string): void;
  find(code: FindingCode, message: string): void;
  finish(by: Pick<Comparison, "recordedBy" | "replayedBy">): Comparison;
}

export function createComparison(): ComparisonBuilder {
  const differences: Difference[] = [];
  const findings: Finding[] = [];
  let isBegun = false;
  let supplierId = "";
  let isDifferent = false;
  const counts = { decisions: 0, decisionsDifferent: 0, numbers: 0, numbersDifferent: 0 };
  const differ = (field: string, recorded: string, replayed: string): void => {
    counts.numbersDifferent++;
    if (!isDifferent && isBegun) counts.decisionsDifferent++;
    isDifferent = true;
    if (differences.length < MAX_LISTED) differences.push({ supplierId, field, recorded, replayed });
  };
  return {
    begin(id) {
      counts.decisions++;
      [supplierId, isDifferent, isBegun] = [id, false, true];
    },
    whole() {
      [supplierId, isDifferent, isBegun] = ["", false, false];
    },
    same() {
      counts.numbers++;
    },
    float64(field, recorded, replayed) {
      counts.numbers++;
      // Distinguishes 0 from -0; NaN has one form in JavaScript.
      if (Object.is(recorded, replayed)) return;
      differ(field, textOf(recorded, float64Bits), textOf(replayed, float64Bits));
    },
    float32(field, recorded, replayed) {
      counts.numbers++;
      if (Object.is(recorded, replayed)) return;
      differ(field, float32Bits(recorded), float32Bits(replayed));
    },
    text(field, recorded, replayed) {
      counts.numbers++;
      if (recorded !== replayed) differ(field, recorded, replayed);
    },
    find(code, message) {
      if (findings.length < MAX_LISTED) findings.push({ code, message });
    },
    finish(by) {
      const isWhole = findings.every(({ code }) => ONLY_NAMED.has(code));
      const outcome = counts.numbersDifferent > 0 ? "different" : isWhole ? "equal" : "not_replayable";
      return { outcome, ...counts, differences, findings, ...by };
    },
  };
}

const textOf = (value: number | null, bitsOf: (value: number) => string): string =>
  value === null ? "" : bitsOf(value);

const view = new DataView(new ArrayBuffer(8));

/** Returns the 64 bits of a float64 number as 16 hex digits, sign bit first. */
export function float64Bits(value: number): string {
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

/** Returns the 32 bits of a float32 number as 8 hex digits, sign bit first. */
export function float32Bits(value: number): string {
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, "0");
}

/** Returns the number of 16 hex digits. */
export function float64FromBits(bits: string): number {
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

/**
 * Returns the differences between the recorded model and the model that computed the decision again. If the version
 * has other files, it is another model, and nothing is compared.
 */
export function findModelDifferences(
  recorded: ModelRecord,
  now: ModelRecord,
  { find }: Pick<ComparisonBuilder, "find">,
): { readonly isSameModel: boolean } {
  const name = `${recorded.name} ${recorded.version}`;
  const isOther = (field: keyof ModelRecord): boolean => recorded[field] !== "" && recorded[field] !== now[field];
  const files = [
    ...(isOther("modelDigest")
      ? [`model.onnx ${short(now.modelDigest)} instead of ${short(recorded.modelDigest)}`]
      : []),
    ...(isOther("bundleDigest")
      ? [`feature_bundle.json ${short(now.bundleDigest)} instead of ${short(recorded.bundleDigest)}`]
      : []),
  ];
  if (files.length > 0) {
    find("model_differs", `The registry has other files under ${name}: ${files.join(", ")}.`);
    return { isSameModel: false };
  }
  if (isOther("configHash"))
    find(
      "configuration_differs",
      `${name} has the configuration hash ${short(now.configHash)}, and ${short(recorded.configHash)} was recorded.`,
    );
  if (isOther("runtime"))
    find("runtime_differs", `ml-service computes with ${now.runtime}, and ${recorded.runtime} was recorded.`);
  if (isOther("kernel"))
    find("kernel_differs", `ml-service explains with ${now.kernel}, and ${recorded.kernel} was recorded.`);
  return { isSameModel: true };
}

const short = (digest: string): string => `${digest.slice(0, 12)}…`;
