/**
 * The checks that a version passes before it is served, in the order in which they are made.
 * - size: no file is larger than the registry reads.
 * - digest: every file has the size and the SHA-256 of the manifest.
 * - signature: a trusted key has signed the manifest. Not made when no public key is configured.
 * - bundle: `feature_bundle.json` is complete, consistent, of this model, and has the features of the manifest.
 * - operators: `model.onnx` has only operators of the allow-list, and takes the columns of the bundle.
 * - contract: the version takes the features that this service is configured for. Not made without such a configuration.
 * - golden_rows: the recorded rows give the recorded outputs and scores, bit for bit with the runtime that recorded them.
 * - additivity: base value and contributions add up to the output. Not made for a model without contributions.
 * - missing_row: a row without any value gives a finite output.
 * - latency: a single row with its contributions takes at most the configured time of the processor.
 */
export const MODEL_CHECKS = [
  "size",
  "digest",
  "signature",
  "bundle",
  "operators",
  "contract",
  "golden_rows",
  "additivity",
  "missing_row",
  "latency",
] as const;

export type ModelCheckName = (typeof MODEL_CHECKS)[number];

/** The result of one check. */
export interface ModelCheck {
  readonly name: ModelCheckName;
  readonly outcome: "passed" | "failed" | "not_made";
  /** What was found, or why the check was not made; one sentence. Empty: nothing to add. */
  readonly detail: string;
}

/** Collects the results of checks, in their order. */
export interface CheckList {
  readonly checks: readonly ModelCheck[];
  /**
   * Makes a check and records its result.
   * @param detailOf returns what is recorded when the check passes
   * @throws what `work` throws, after the check was recorded as failed
   */
  make<T>(name: ModelCheckName, work: () => Promise<T> | T, detailOf?: (result: T) => string): Promise<T>;
  /** Records that a check was not made. */
  skip(name: ModelCheckName, why: string): void;
}

export function createCheckList(): CheckList {
  const checks: ModelCheck[] = [];
  return {
    checks,
    async make(name, work, detailOf = () => "") {
      try {
        const result = await work();
        checks.push({ name, outcome: "passed", detail: detailOf(result) });
        return result;
      } catch (error) {
        checks.push({ name, outcome: "failed", detail: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
    skip: (name, why) => void checks.push({ name, outcome: "not_made", detail: why }),
  };
}
