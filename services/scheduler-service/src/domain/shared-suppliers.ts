import type { SharedSuppliers } from "@bellwether/plausibility/check-shared";
import type { InputComparison, Ledger, WeekFiles } from "./weekly-ports.ts";

/** Compares the supplier ids of a snapshot with those of the snapshot of an earlier week. */
export type CompareIds = (parquet: string, earlierParquet: string, signal: AbortSignal) => Promise<SharedSuppliers>;

/**
 * Compares the suppliers of a snapshot with those of the week that the ledger names.
 * @returns null when no week is complete before, or its complete run has no snapshot here: it was made on another machine,
 *   or its snapshot was removed
 */
export async function findShared(
  { ledger, compareIds }: { readonly ledger: Pick<Ledger, "completeInput">; readonly compareIds: CompareIds },
  files: Pick<WeekFiles, "earlierWeeks">,
  snapshotPath: string,
  previous: InputComparison["previous"],
  signal: AbortSignal,
): Promise<SharedSuppliers | null> {
  if (previous === null) return null;
  const earlier = (await files.earlierWeeks()).find(({ week }) => week === previous.week);
  if (earlier === undefined || !(await earlier.hasSnapshot())) return null;
  const digest = await ledger.completeInput(previous.week);
  if (digest === null || (digest !== "" && (await earlier.snapshotDigest()) !== digest)) return null;
  return await compareIds(snapshotPath, earlier.snapshotPath, signal);
}
