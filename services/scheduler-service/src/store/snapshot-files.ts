import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import type { FeatureChunk, SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { WeeklyInput, WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";

// DuckDB is loaded with the first file: a scheduler that starts is ready a tenth of a second sooner without it.

/** Makes the snapshot of a weekly file. @throws what `snapshotWeekly` of the ingest throws */
export async function writeSnapshot(input: WeeklyInput): Promise<WeeklySnapshot & { readonly sourceDigest: string }> {
  await makeFolder(path.dirname(input.outParquet));
  const { snapshotWeekly } = await import("@bellwether/ingest/snapshot/weekly-snapshot");
  const { sourceDigest } = await import("@bellwether/ingest/snapshot/weekly-source");
  const snapshot = await snapshotWeekly(input);
  return { ...snapshot, sourceDigest: sourceDigest(snapshot.sources) };
}

/** SHA-256 of the content of a weekly input. @throws what `readSourceDigest` of the ingest throws */
export async function readSource(input: Pick<WeeklyInput, "mapping" | "input" | "signal">): Promise<string> {
  const { readSourceDigest } = await import("@bellwether/ingest/snapshot/weekly-source");
  return readSourceDigest(input);
}

/** Rows of a snapshot, `rows` at a time, from chunk `from` on. */
export async function* readSnapshot(
  parquet: string,
  from: number,
  rows: number,
  signal: AbortSignal,
): AsyncGenerator<SnapshotChunk, void, void> {
  const { readChunks } = await import("@bellwether/ingest/snapshot/snapshot-chunks");
  yield* readChunks(parquet, { from, rows, signal });
}

/** The features alone of a snapshot's rows. */
export async function* readSnapshotFeatures(
  parquet: string,
  signal: AbortSignal,
): AsyncGenerator<FeatureChunk, void, void> {
  const { readFeatures } = await import("@bellwether/ingest/snapshot/snapshot-chunks");
  yield* readFeatures(parquet, { signal });
}
