import { type CheckSetting, isDisabled } from "@bellwether/config/input-checks";
import type { SimilarIds } from "@bellwether/ingest/snapshot/similar-ids";
import { type SharedSuppliers, similarText } from "@bellwether/plausibility/check-shared";
import { type ColumnProfile, missingShare } from "@bellwether/plausibility/column-profile";
import { findExchanged } from "@bellwether/plausibility/find-exchanged";
import type { PreviousInput } from "@bellwether/plausibility/previous-input";
import { countText } from "@bellwether/reasons/count-text";

/** Maximum number of pairs of columns that are named. */
const SHOWN = 3;

/** Rise of the share of missing values from which on it is a warning. */
const WARNED_RISE = 0.2;
/** Number of rows below which a share of missing values says little. */
const MIN_ROWS = 20;

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Warns of columns that look wrong although no check failed, compared with the week before. */
export const columnWarnings = (columns: readonly ColumnProfile[], previous: PreviousInput | null): string[] => [
  ...exchangedWarnings(columns, previous),
  ...missingWarnings(columns, previous),
];

/** Warns of columns with many more missing values than in the week before. A column without any value is a check. */
export function missingWarnings(columns: readonly ColumnProfile[], previous: PreviousInput | null): string[] {
  const earlier = new Map(previous?.columns.map((column) => [column.column, column]));
  const found = columns.flatMap((now) => {
    const before = earlier.get(now.column);
    if (before === undefined || before.rows < MIN_ROWS || now.rows < MIN_ROWS || now.missing === now.rows) return [];
    const [share, shareBefore] = [missingShare(now), missingShare(before)];
    // Without the smallest digits: 0.3 - 0.1 is less than 0.2 in floating point.
    return Number((share - shareBefore).toFixed(9)) >= WARNED_RISE ? [{ now, share, shareBefore }] : [];
  });
  const warnings = found
    .sort((a, b) => b.share - b.shareBefore - (a.share - a.shareBefore))
    .slice(0, SHOWN)
    .map(
      ({ now, share, shareBefore }) =>
        `warning: ${now.column} has no value in ${percent(share)} of the rows (${now.missing} of ${now.rows}), and had none in ${percent(shareBefore)} in ${previous?.week}; check the column of the file`,
    );
  const more = found.length - SHOWN;
  return more > 0 ? [...warnings, `warning: and ${countText(more, "more column")} with more missing values`] : warnings;
}

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
 * @param supplierId SQL of supplier_id in the mapping
 * @param showsIds whether the reader may see supplier ids
 */
export function changedIdsWarning(
  found: SharedSuppliers,
  week: string,
  supplierId: string,
  showsIds: boolean,
): string[] {
  if (found.similar === 0) return [];
  const pairs = found.examples.map(({ before, now }) => `${JSON.stringify(before)} is ${JSON.stringify(now)}`);
  const shown = !showsIds || pairs.length === 0 ? "" : `: ${pairs.join(", ")}`;
  return [
    `warning: compared with ${week}, ${similarText(found)}${shown}. Each counts as a new supplier without a history; correct the file, or make the ids equal by supplier_id of the mapping, such as ${equalIdSql(found, supplierId)}`,
  ];
}

const withoutZeros = (id: string): string => id.replace(/^0+/, "");

/** Returns SQL that writes ids as in the week before, by the first example. */
function equalIdSql({ examples }: Pick<SharedSuppliers, "examples">, supplierId: string): string {
  const sql = supplierId.trim();
  const [first] = examples;
  if (first === undefined || withoutZeros(first.before) !== withoutZeros(first.now)) return `upper(trim(${sql}))`;
  return first.before.length > first.now.length
    ? `lpad(${sql}, ${[...first.before].length}, '0')`
    : `ltrim(${sql}, '0')`;
}

/**
 * Warns that the suppliers were not compared with those of the week before: its snapshot is not on this machine, or in
 * another folder.
 * @param shared null: not compared
 * @param snapshotOf path of the snapshot of a week
 */
export function notSharedWarning(
  shared: SharedSuppliers | null,
  previous: PreviousInput | null,
  setting: CheckSetting,
  snapshotOf: (week: string) => string,
): string[] {
  if (shared !== null || previous === null || isDisabled(setting)) return [];
  const { week } = previous;
  return [
    `warning: the suppliers were not compared with those of ${week}, so that ids which are written in another way are not found: the snapshot of its complete run is not ${snapshotOf(week)}. If ${week} was run with another folder (BELLWETHER_DATA_DIR) or on another machine, run this week there`,
  ];
}
