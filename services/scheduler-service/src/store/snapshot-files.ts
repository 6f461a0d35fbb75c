import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import type { IngestProcess } from "@bellwether/ingest/child/ingest-process";
import type { IngestLimits } from "@bellwether/ingest/ingest-limits";
import type { SimilarIds } from "@bellwether/ingest/snapshot/similar-ids";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { SnapshotDatabase } from "@bellwether/ingest/snapshot/snapshot-database";
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

/** Reads the snapshots of a run. */
export interface SnapshotReader extends AsyncDisposable {
  /** Reads the rows of a snapshot in chunks of `rows`, starting at chunk `from`. */
  readChunks(
    parquet: string,
    from: number,
    rows: number,
    signal: AbortSignal,
  ): AsyncGenerator<SnapshotChunk, void, void>;
  /** Reads the features of about `suppliers` suppliers of a snapshot, the same ones in every week. */
  readSample(parquet: string, suppliers: number, signal: AbortSignal): Promise<SnapshotSample>;
  /** Counts the rows of a snapshot that have too few known features for a score. */
  countUnscored(parquet: string, minimum: ScoreMinimum, signal: AbortSignal): Promise<UnscoredRows>;
  /** Finds supplier ids of a snapshot that look alike but differ. */
  findSimilarIds(parquet: string, signal: AbortSignal): Promise<SimilarIds>;
  /** Compares the supplier ids of a snapshot with those of an earlier one. */
  compareIds(parquet: string, earlierParquet: string, signal: AbortSignal): Promise<SharedSuppliers>;
}

/** @param folder in which all snapshots are */
export function createSnapshotReader(limits: IngestLimits, folder: string): SnapshotReader {
  let opened: Promise<SnapshotDatabase> | undefined;
  const open = (): Promise<SnapshotDatabase> => {
    opened ??= import("@bellwether/ingest/snapshot/snapshot-database").then(
      ({ SnapshotDatabase }) => new SnapshotDatabase(limits, folder),
    );
    return opened;
  };
  return {
    async *readChunks(parquet, from, rows, signal) {
      const { readChunks } = await import("@bellwether/ingest/snapshot/snapshot-chunks");
      yield* readChunks(parquet, { from, rows, signal, database: await open() });
    },
    async readSample(parquet, suppliers, signal) {
      const { readSample } = await import("@bellwether/ingest/snapshot/snapshot-sample");
      return await readSample(parquet, suppliers, { signal, database: await open() });
    },
    async countUnscored(parquet, minimum, signal) {
      const { countUnscored } = await import("@bellwether/ingest/snapshot/unscored-rows");
      return await countUnscored(parquet, minimum, { signal, database: await open() });
    },
    async findSimilarIds(parquet, signal) {
      const { findSimilarIds } = await import("@bellwether/ingest/snapshot/similar-ids");
      return await findSimilarIds(await open(), parquet, signal);
    },
    async compareIds(parquet, earlierParquet, signal) {
      const { compareIds } = await import("@bellwether/ingest/snapshot/compare-ids");
      return await compareIds(await open(), parquet, earlierParquet, signal);
    },
    async [Symbol.asyncDispose]() {
      await (await opened)?.[Symbol.asyncDispose]();
    },
  };
}
