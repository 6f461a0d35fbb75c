import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { IngestRecord } from "./ingest-record.ts";
import { type RunCircumstances, runNotes } from "./run-notes.ts";
import { runSummary } from "./run-summary.ts";
import { SCORE_HEADER } from "./score-rows.ts";
import type { DriftRecord } from "./week-drift.ts";
import type { WeekFiles } from "./weekly-ports.ts";

/**
 * Returns the number of suppliers in each chunk of a started run. An ops-service of an earlier release does not record
 * it: its runs always have chunks of the default size, so that another attempt continues with the same one.
 */
export const chunkRowsOf = ({ chunkRows }: BatchRun): number => chunkRows || DEFAULT_CHUNK_ROWS;

/** What the files of a week have. Null: they do not have it. */
export interface StoredWeek {
  readonly ingested: IngestRecord | null;
  readonly drift: Pick<DriftRecord, "notes" | "previousWeek" | "inputWarnings"> | null;
}

/** Reads what the files have about a run. Files of another revision of the week have nothing about it. */
export async function readStoredWeek(files: WeekFiles, { inputDigest }: BatchRun): Promise<StoredWeek> {
  const [ingested, drift] = [await files.readIngest(), await files.readDrift()];
  return {
    ingested: ingested?.digest === inputDigest ? ingested : null,
    drift: drift?.digest === inputDigest ? drift : null,
  };
}

/** Returns the remarks on a run. @param chunkRows the setting of this process */
export function notesOf(
  chunkRows: number,
  run: BatchRun,
  { ingested, drift }: StoredWeek,
  how: Omit<RunCircumstances, "chunkRows" | "drift" | "readingNotes" | "olderRows" | "laterRows">,
): string[] {
  return runNotes(run, {
    ...how,
    ...{ chunkRows, drift: drift?.notes ?? [] },
    readingNotes: readingNotes(ingested?.sources ?? []),
    olderRows: ingested?.olderRows ?? 0,
    laterRows: ingested?.laterRows ?? null,
  });
}

/** Maximum number of notes about files. */
const MAX_READING_NOTES = 10;

function readingNotes(sources: IngestRecord["sources"]): string[] {
  const all = sources.flatMap(({ file, notes = [] }) => notes.map((note) => `${file}: ${note}`));
  const more = all.length - MAX_READING_NOTES;
  return more > 0 ? [...all.slice(0, MAX_READING_NOTES), `${more} more notes about files (report.json)`] : all;
}

/** Writes the report of a complete run. */
export async function writeReport(
  files: WeekFiles,
  run: BatchRun,
  { ingested, drift }: StoredWeek,
  notes: readonly string[],
): Promise<void> {
  const chunks = { count: run.chunksReceived, chunkRows: chunkRowsOf(run) };
  await files.writeReport(runSummary(run, ingested, drift?.previousWeek || null, notes), SCORE_HEADER, chunks);
}
