/** One bar of two distributions. Left out: not limited, or not of this kind. */
export interface DriftBin {
  readonly lower?: number;
  readonly upper?: number;
  readonly category?: string;
  readonly referenceShare: number;
  readonly presentShare: number;
}

/** One aspect of a feature, compared with one reference; see bellwether.ops.v1.DriftComparison. */
export interface DriftComparison {
  readonly reference: "training" | "previous-week";
  /** ISO week. Empty: the reference is the training. */
  readonly referenceWeek: string;
  readonly aspect: "values" | "missing";
  readonly outcome: "alarm" | "none" | "too-few" | "moving";
  readonly referenceRows: number;
  readonly presentRows: number;
  readonly effect: number;
  readonly effectNoise: number;
  readonly shift: number;
  readonly psi?: number;
  readonly psiNoise?: number;
  readonly pValue?: number;
  readonly referenceValue: number;
  readonly presentValue: number;
  readonly category?: string;
  readonly bins: readonly DriftBin[];
  readonly text: string;
}

/** The change in the distribution of a feature or of the score. psi is 0 or more, since the previous week. */
export interface FeatureDrift {
  readonly feature: string;
  readonly psi: number;
  /** Left out: a run of an earlier release, which has only `psi`. */
  readonly kind?: "numeric" | "category" | "score";
  readonly comparisons?: readonly DriftComparison[];
}

/** An alarm about a feature. */
export interface DriftAlarm extends Pick<DriftComparison, "reference" | "aspect" | "effect" | "pValue" | "shift"> {
  readonly feature: string;
}

/** Maximum number of alarms that an audit event lists. */
const LISTED_ALARMS = 100;

/** Returns the alarms of a run, in its order. */
export function driftAlarms(drift: readonly FeatureDrift[]): DriftAlarm[] {
  return drift.flatMap(({ feature, comparisons = [] }) =>
    comparisons
      .filter(({ outcome }) => outcome === "alarm")
      .map(({ reference, aspect, effect, shift, pValue }) => ({
        ...{ feature, reference, aspect, effect, shift },
        ...(pValue !== undefined && { pValue }),
      })),
  );
}

/** Returns the payload of the audit event about the alarms of a run, or undefined when it has none. */
export function describeDriftAlarms(drift: readonly FeatureDrift[]): object | undefined {
  const alarms = driftAlarms(drift);
  return alarms.length === 0 ? undefined : { count: alarms.length, alarms: alarms.slice(0, LISTED_ALARMS) };
}

/** Returns the drift in the order of the scheduler; that of a scheduler of an earlier release, which has only psi, by psi. */
export function inOrder(drift: readonly FeatureDrift[]): readonly FeatureDrift[] {
  return drift.some(({ comparisons }) => comparisons !== undefined) ? drift : drift.toSorted((a, b) => b.psi - a.psi);
}
