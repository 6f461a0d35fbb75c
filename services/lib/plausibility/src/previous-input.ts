import type { ColumnProfile } from "./column-profile.ts";

/** The input of the week that a weekly input is compared with: the newest complete earlier week of the same model. */
export interface PreviousInput {
  /** ISO week, for example "2026-W46". */
  readonly week: string;
  /** Rows of the files, accepted and rejected. Null: not recorded. */
  readonly rows: number | null;
  /** Profile of its columns. Empty: not recorded. */
  readonly columns: readonly ColumnProfile[];
}
