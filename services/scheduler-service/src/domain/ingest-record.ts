import type { WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import type { SourceReport } from "@bellwether/ingest/sources/load-source";
import type { InputObject } from "./input-object.ts";

/** Record of a week's ingest, stored beside the snapshot. */
export type IngestRecord = Pick<WeeklySnapshot, "digest" | "rows" | "rejected"> & {
  readonly sources: readonly (Omit<SourceReport, "pathValues" | "notes"> &
    Partial<Pick<SourceReport, "pathValues" | "notes">>)[];
} & Partial<
    Pick<
      WeeklySnapshot,
      "cleanedIds" | "changedAttributes" | "olderRows" | "laterRows" | "newestAsOf" | "asOf" | "profile" | "missing"
    >
  > & {
    /**
     * SHA-256 of the snapshot after texts were erased in it, lower-case hex. Absent: nothing was erased. `digest` stays that of the
     * snapshot that was scored.
     */
    readonly erasedDigest?: string;
    // These fields are absent in records of older releases.
    /** The objects of an object store that were read; empty or absent for files. */
    readonly objects?: readonly InputObject[];
    /** The file that was read. */
    readonly input: string;
    /** SHA-256 of its content, lower-case hex; empty when not recorded. */
    readonly sourceDigest: string;
  };
