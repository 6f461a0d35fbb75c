import { z } from "zod";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";

/** The contributions of a feature in the rows of one range of values, of one category, or without a value. */
export interface DependencePoint {
  /** Lowest and highest value of the rows; null for a category, and for rows without a value. */
  readonly range: readonly [number, number] | null;
  /** "" for a range, and for rows without a value. */
  readonly category: string;
  /** Number of rows, at least 1. */
  readonly rows: number;
  readonly meanContribution: number;
}

/** The importance of one word of a text. */
export interface WordImportance {
  readonly word: string;
  readonly meanMagnitude: number;
  /** Over the rows that have the word; null when no row has it. */
  readonly meanContribution: number | null;
}

/** The importance of one feature; all words of a text are one feature. */
export interface FeatureImportance {
  readonly feature: string;
  readonly unit: string;
  /** Mean of |contribution| over the rows. */
  readonly meanMagnitude: number;
  /** `meanMagnitude` divided by the sum over all features, in [0, 1]. */
  readonly share: number;
  readonly dependence: readonly DependencePoint[];
  readonly words: readonly WordImportance[];
}

/** The global explanation of a version, stored as `importance.json` beside the model. */
export interface Importance {
  readonly format: "bellwether.importance/1";
  /** Number of rows that were explained. */
  readonly rows: number;
  /** The rows in words, for example "2000 of 7875 training rows". */
  readonly rowsText: string;
  readonly outputSpace: FeatureBundle["outputSpace"] | "class-margin";
  readonly kind: "path-dependent" | "interventional";
  /** Most important first. */
  readonly features: readonly FeatureImportance[];
}

/** Rows of a model from which its importance is computed. */
export interface ImportanceRows {
  /** float32, row-major `[count × columns]`, NaN = missing. */
  readonly values: Float32Array;
  readonly count: number;
  /** The rows in words. */
  readonly text: string;
}

/** Maximum numbers of what is recorded. */
export const IMPORTANCE_LIMITS = {
  rows: 2_000,
  features: 1_024,
  /** Features with a dependence; the others are less important. */
  dependences: 100,
  ranges: 20,
  categories: 20,
  words: 20,
} as const;

/** Maximum size of `importance.json`, in bytes; a full one has about 0.5 MB. */
export const MAX_IMPORTANCE_BYTES = 4 * 1024 * 1024;

/** `importance.json` cannot be read. The message names the field. */
export class ImportanceError extends Error {
  override readonly name = "ImportanceError" as const;
}

const number = z.number();
const text = z.string();
const IMPORTANCE_SCHEMA = z.object({
  format: z.literal("bellwether.importance/1"),
  rows: number,
  rowsText: text,
  outputSpace: z.enum(["margin", "probability", "raw", "class-margin"]),
  kind: z.enum(["path-dependent", "interventional"]),
  features: z
    .array(
      z.object({
        feature: text,
        unit: text,
        meanMagnitude: number,
        share: number,
        dependence: z
          .array(
            z.object({
              range: z.tuple([number, number]).nullable(),
              category: text,
              rows: number,
              meanContribution: number,
            }),
          )
          .max(64),
        words: z.array(z.object({ word: text, meanMagnitude: number, meanContribution: number.nullable() })).max(64),
      }),
    )
    .max(4_096),
});

/** Reads `importance.json`. @throws ImportanceError naming the first field that is not valid */
export function parseImportance(json: string): Importance {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new ImportanceError("importance.json is not JSON");
  }
  const { success, data, error } = IMPORTANCE_SCHEMA.safeParse(parsed);
  if (success) return data;
  const [issue] = error.issues;
  throw new ImportanceError(
    `importance.json: ${issue?.path.join(".") || "the file"}: ${issue?.message ?? "not valid"}`,
  );
}

/** Returns the indexes of at most `max` of `count` rows, spread evenly. */
export const spreadRows = (count: number, max: number = IMPORTANCE_LIMITS.rows): Uint32Array =>
  Uint32Array.from({ length: Math.min(count, max) }, (_, i) => Math.floor((i * count) / Math.min(count, max)));
