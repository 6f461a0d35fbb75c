/** A supplier whose texts were erased in ops-service, and are to be erased in the files of this scheduler. */
export interface DueErasure {
  readonly erasureId: number;
  readonly supplierId: string;
}

/** What was erased in files. */
export interface ErasedFiles {
  /** Number of snapshots in the data folder. */
  readonly snapshots: number;
  /** Number of other files of weeks in the data folder: reports and tables of scores. */
  readonly reports: number;
  /** Number of files in the object store of the results. */
  readonly copies: number;
  /** Weeks whose files are not erased yet because their run is not complete. At most `MAX_WAITING`. */
  readonly waiting: readonly string[];
}

export const NOTHING_ERASED: ErasedFiles = { snapshots: 0, reports: 0, copies: 0, waiting: [] };

/** Maximum number of weeks that a report names. */
const MAX_WAITING = 20;

export function addErased(a: ErasedFiles, b: ErasedFiles): ErasedFiles {
  return {
    snapshots: a.snapshots + b.snapshots,
    reports: a.reports + b.reports,
    copies: a.copies + b.copies,
    waiting: [...a.waiting, ...b.waiting].slice(0, MAX_WAITING),
  };
}
