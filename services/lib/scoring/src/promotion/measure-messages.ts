import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { GateContract, MeasuredExplanation } from "@bellwether/risk-model/promotion/parity-checks";

/** Request to the child process: measure one version on rows. */
export interface MeasureRequest {
  readonly stored: StoredVersion;
  readonly input: ColumnarInput;
  /** Largest resident memory of the process, in bytes. */
  readonly maxMemoryBytes: number;
}

/** What the promotion gate needs to know of a version. */
export interface MeasuredVersion {
  /** Calibrated scores, one a row; NaN: no score. */
  readonly scores: Float64Array;
  readonly explanation: MeasuredExplanation;
  /** CPU time of single rows with their contributions, ms. Empty: no row has a score. */
  readonly rowTimes: readonly number[];
  readonly contract: GateContract;
}

/** The last message of the child process. */
export type MeasureMessage =
  | { readonly kind: "measured"; readonly measured: MeasuredVersion }
  | { readonly kind: "failure"; readonly reason: string };
