import type { ScoredSupplier } from "../scores/stored-input.ts";
import type { FindingCode, ModelRecord } from "./replay-comparison.ts";

/** Recorded suppliers, and the version that scored them. */
export interface ReplayCall {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly suppliers: readonly ScoredSupplier[];
  /** Whether the contributions by feature are needed, as Predict returns them. */
  readonly withFeatures: boolean;
}

/** What a version computes for recorded suppliers, in their order. */
export interface ReplayedScores {
  readonly model: ModelRecord;
  /** NaN: the band is UNKNOWN, or the supplier is rejected. */
  readonly riskScores: Float64Array;
  readonly margins: Float64Array;
  readonly bands: Uint8Array;
  readonly columnNames: readonly string[];
  /** Row-major, suppliers × columnNames. */
  readonly contributions: Float32Array;
  readonly baseValue: number;
  /** Contributions by feature of each supplier that is not rejected. Empty unless they were requested. */
  readonly features: readonly ReadonlyMap<string, number>[];
  readonly rejected: readonly { readonly row: number; readonly message: string }[];
}

/** Maximum number of suppliers of a call. */
export const MAX_REPLAY_ROWS = 1_000;

/** Computes scores again with exactly one version. @throws NotReplayableError, and the errors of ml-service */
export type ReplayScores = (call: ReplayCall) => Promise<ReplayedScores>;

/** The version cannot compute the scores any more. */
export class NotReplayableError extends Error {
  override readonly name = "NotReplayableError" as const;
  readonly code: Extract<FindingCode, "version_removed" | "version_rejected" | "input_rejected">;
  constructor(code: NotReplayableError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
