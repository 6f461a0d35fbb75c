import type { ScoreMinimum, UnscoredRows } from "@bellwether/ingest/snapshot/unscored-rows";
import { countText } from "@bellwether/reasons/count-text";

/** Maximum number of missing features that the note names. */
const SHOWN = 3;

/** Says how many suppliers of a snapshot have no score, and why. Null: each supplier has one. */
export function unscoredNote({ least, features }: ScoreMinimum, { rows, missing }: UnscoredRows): string | null {
  if (rows === 0) return null;
  const named = missing.slice(0, SHOWN).map(({ feature, rows: without }) => `${feature} (${without})`);
  return `no score for ${countText(rows, "supplier")} with fewer than ${least} of ${countText(features.length, "feature")} known; most often missing: ${named.join(", ")}`;
}
