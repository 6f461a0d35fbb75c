import type { WeekData, WeekDataRequest } from "@bellwether/ingest/training/week-data";
import type { RetrainWindow } from "../domain/retrain-due.ts";

// Loads DuckDB with the first retrain, as snapshot-files.ts does with the first file.

/** Reads the labelled rows of weekly snapshots. @throws NoRowsError, SourceError */
export async function readLabelledWeeks(request: WeekDataRequest): Promise<WeekData> {
  const { loadLabelledWeeks } = await import("@bellwether/ingest/training/week-data");
  return loadLabelledWeeks(request);
}

/** Returns the complete weeks of a window that have a snapshot; none when no week was run here. */
export async function weeksWithSnapshot(folder: string, window: RetrainWindow): Promise<readonly string[]> {
  const { findSnapshots } = await import("@bellwether/ingest/training/week-data");
  const { found } = await findSnapshots(folder, window).catch((error: unknown) => {
    if (error instanceof Error && error.name === "NoRowsError") return { found: [] };
    throw error;
  });
  return found.map(({ week }) => week);
}
