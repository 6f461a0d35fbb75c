import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import type { IngestProcess } from "@bellwether/ingest/child/ingest-process";
import type { IngestLimits } from "@bellwether/ingest/ingest-limits";
import type { SimilarIds } from "@bellwether/ingest/snapshot/similar-ids";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { SnapshotSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import type { ScoreMinimum, UnscoredRows } from "@bellwether/ingest/snapshot/unscored-rows";
import type { WeeklyInput, WeeklySnapshot } from "@bellwether/ingest/snapshot/weekly-snapshot";
import type { SharedSuppliers } from "@bellwether/plausibility/check-shared";

// Loads DuckDB with the first file. Without it, a starting scheduler is ready a tenth of a second sooner.

/** Writes the snapshot of a weekly file in its own process. @throws the errors of `IngestProcess.run` */
export async function writeSnapshot(
  reader: IngestProcess,
  { signal, onProgress, ...request }: WeeklyInput,
): Promise<WeeklySnapshot & { readonly sourceDigest: string }> {
  await makeFolder(path.dirname(request.outParquet));
  const { sourceDigest } = await import("@bellwether/ingest/snapshot/weekly-source");
  const { usage: _, ...snapshot } = await reader.run(request, signal, onProgress);
  return { ...snapshot, sourceDigest: sourceDigest(snapshot.sources) };
}

/** Returns the SHA-256 of the content of a weekly input. @throws the errors of `readSourceDigest` */
export async function readSource(input: Pick<WeeklyInput, "mapping" | "input" | "signal">): Promise<string> {
  const { readSourceDigest } = await import("@bellwether/ingest/snapshot/weekly-source");
  return readSourceDigest(input);
}

/** Reads the rows of a snapshot in chunks of `rows`, starting at chunk `from`. */
export async function* readSnapshot(
  parquet: string,
  from: number,
  rows: number,
  signal: AbortSignal,
): AsyncGenerator<SnapshotChunk, void, void> {
  const { readChunks } = await import("@bellwether/ingest/snapshot/snapshot-chunks");
  yield* readChunks(parquet, { from, rows, signal });
}

/** Reads the features of about `suppliers` suppliers of a snapshot, the same ones in every week. */
export async function readSnapshotSample(
  parquet: string,
  suppliers: number,
  signal: AbortSignal,
): Promise<SnapshotSample> {
  const { readSample } = await import("@bellwether/ingest/snapshot/snapshot-sample");
  return readSample(parquet, suppliers, signal);
}

/** Counts the rows of a snapshot that have too few known features for a score. */
export async function countUnscoredRows(
  parquet: string,
  minimum: ScoreMinimum,
  signal: AbortSignal,
): Promise<UnscoredRows> {
  const { countUnscored } = await import("@bellwether/ingest/snapshot/unscored-rows");
  return countUnscored(parquet, minimum, signal);
}

/** Finds supplier ids of a snapshot that look alike but differ. */
export async function findSimilar(parquet: string, limits: IngestLimits, signal: AbortSignal): Promise<SimilarIds> {
  const { findSimilarIds } = await import("@bellwether/ingest/snapshot/similar-ids");
  return findSimilarIds(parquet, limits, signal);
}

/** Compares the supplier ids of a snapshot with those of an earlier one. */
export async function compareSnapshotIds(
  parquet: string,
  earlierParquet: string,
  limits: IngestLimits,
  signal: AbortSignal,
): Promise<SharedSuppliers> {
  const { compareIds } = await import("@bellwether/ingest/snapshot/compare-ids");
  return compareIds(parquet, earlierParquet, limits, signal);
}
