import { createHash } from "node:crypto";
import type { ReviewPolicy } from "@bellwether/config/risk-policy";

/** A supplier of a review sample. */
export interface ReviewedSupplier {
  readonly supplierId: string;
  readonly name: string;
  readonly riskScore: number;
  /** Null: nobody has answered. */
  readonly occurred: boolean | null;
}

/** The review sample of a week. */
export interface ReviewSample {
  readonly modelName: string;
  readonly isoWeek: string;
  /** Number of suppliers of which it was drawn. 0: none was drawn for the week. */
  readonly frame: number;
  readonly seed: number;
  readonly suppliers: readonly ReviewedSupplier[];
}

/** Returns how many of `frame` suppliers are drawn: at least one, if the share is above 0. */
export function reviewCount(frame: number, { share, maxSuppliers }: ReviewPolicy): number {
  return share === 0 ? 0 : Math.min(frame, maxSuppliers, Math.max(1, Math.round(share * frame)));
}

/** Returns the seed of the sample of a run, the same whenever it is drawn: 0 to 2^48 - 1. */
export function reviewSeed(run: {
  readonly modelName: string;
  readonly isoWeek: string;
  readonly revision: number;
}): number {
  const text = JSON.stringify([run.modelName, run.isoWeek, run.revision]);
  return createHash("sha256").update(text).digest().readUIntBE(0, 6);
}
