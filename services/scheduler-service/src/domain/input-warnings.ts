import type { SimilarIds } from "@bellwether/ingest/snapshot/similar-ids";
import { type SharedSuppliers, similarText } from "@bellwether/plausibility/check-shared";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { findExchanged } from "@bellwether/plausibility/find-exchanged";
import type { PreviousInput } from "@bellwether/plausibility/previous-input";
import { countText } from "@bellwether/reasons/count-text";

/** Maximum number of pairs of columns that are named. */
const SHOWN = 3;

/** Warns of columns whose values look exchanged with each other since the week before. The text has no values of rows. */
export function exchangedWarnings(columns: readonly ColumnProfile[], previous: PreviousInput | null): string[] {
  const found = findExchanged(columns, previous);
  const warnings = found
    .slice(0, SHOWN)
    .map(
      ({ first, second }) =>
        `warning: the values of ${first} and ${second} look exchanged: each is distributed like the other one in ${previous?.week}; check the columns of the file`,
    );
  const more = found.length - SHOWN;
  return more > 0
    ? [...warnings, `warning: and ${countText(more, "more pair")} of columns with values that look exchanged`]
    : warnings;
}

/** Warns of supplier ids that are likely the same supplier. Null: there are none. */
export function similarIdsWarning({ ids, examples }: SimilarIds): string | null {
  if (ids === 0) return null;
  const shown = examples.map((group) => group.map((id) => JSON.stringify(id)).join(" and ")).join(", ");
  return `warning: ${ids} supplier ids differ from another one only in case, spaces, leading zeros or the way accents are stored (Unicode NFC and NFD): ${shown}. Each counts as a supplier of its own; correct the file, or make them equal by supplier_id of the mapping, such as upper(trim(nfc_normalize(id)))`;
}

/**
 * Warns of suppliers of the week before whose id is written in another way in the input: they are new suppliers, without a
 * history.
 */
export function changedIdsWarning(found: SharedSuppliers, week: string): string[] {
  if (found.similar === 0) return [];
  const pairs = found.examples.map(({ before, now }) => `${JSON.stringify(before)} is ${JSON.stringify(now)}`);
  const shown = pairs.length === 0 ? "" : `: ${pairs.join(", ")}`;
  return [
    `warning: compared with ${week}, ${similarText(found)}${shown}. Each counts as a new supplier without a history; correct the file, or make the ids equal by supplier_id of the mapping, such as lpad(id, 6, '0')`,
  ];
}
