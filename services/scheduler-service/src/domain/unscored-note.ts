import type { ScoreMinimum, UnknownCategories, UnscoredRows } from "@bellwether/ingest/snapshot/unscored-rows";
import { countText } from "@bellwether/reasons/count-text";

/** Maximum number of missing features that the note names. */
const SHOWN = 3;

/** Says how many suppliers of a snapshot have no score, and why. Null: each supplier has one. */
export function unscoredNote(
  { least, features }: ScoreMinimum,
  { rows, missing }: Pick<UnscoredRows, "rows" | "missing">,
): string | null {
  if (rows === 0) return null;
  const named = missing.slice(0, SHOWN).map(({ feature, rows: without }) => `${feature} (${without})`);
  return `no score for ${countText(rows, "supplier")} with fewer than ${least} of ${countText(features.length, "feature")} known; most often missing: ${named.join(", ")}`;
}

/** Share of the suppliers with a value from which on unknown categories are a warning. */
const WARNED_SHARE = 0.05;

/** Says how many suppliers have a category that the model does not know, by feature. */
export function unknownCategoryNotes(found: readonly UnknownCategories[]): string[] {
  const notes = found
    .toSorted((a, b) => b.rows / b.present - a.rows / a.present)
    .map(({ feature, rows, present }) => {
      const share = rows / present;
      const shown = `${Math.round(share * 1000) / 10} %`;
      return `${share >= WARNED_SHARE ? "warning: " : ""}${feature}: ${rows} of ${countText(present, "supplier")} with a value (${shown}) ${rows === 1 ? "has" : "have"} a category that the model does not know; it counts as missing`;
    });
  const more = notes.length - SHOWN;
  return more > 0
    ? [...notes.slice(0, SHOWN), `${countText(more, "more feature")} with categories that the model does not know`]
    : notes;
}
