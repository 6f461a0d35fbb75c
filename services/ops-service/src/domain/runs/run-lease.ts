import { countText } from "@bellwether/reasons/count-text";
import {
  RunCompleteError,
  RunFencedError,
  RunHeldError,
  RunMismatchError,
  RunNotFoundError,
  RunStateError,
} from "../ops-error.ts";
import type { Run, RunLease, ScoredBy } from "../scores/run.ts";
import type { ChunkReceipt, ScoredChunk } from "../scores/scored-chunk.ts";

/** Checks that the lease is that of the present holder of the run. @throws RunNotFoundError, RunFencedError */
export function checkLease<R extends Pick<Run, "fence">>(
  run: R | undefined,
  { runId, fence }: RunLease,
): asserts run is R {
  if (!run) throw new RunNotFoundError(`run ${runId}`);
  if (run.fence !== fence) throw new RunFencedError(runId, fence);
}

/** Checks that the holder of a run can write to it. @throws RunCompleteError, RunHeldError, RunStateError */
export function checkOpen(run: Pick<Run, "id" | "isoWeek" | "revision" | "state">): void {
  const { id, state } = run;
  if (state === "complete") throw new RunCompleteError(id);
  if (state === "held") throw new RunHeldError(id);
  if (state !== "running" && state !== "failed")
    throw new RunStateError(run, "nothing can be written to it; start the run of the week again");
}

/** Checks that all chunks of a run are scored by the same model version. @throws RunMismatchError */
export function checkSameModel(runId: number, before: ScoredBy | null, now: ScoredBy): void {
  if (!before) return;
  const isSame =
    before.modelDigest === now.modelDigest &&
    before.bundleDigest === now.bundleDigest &&
    before.columnNames.join("\0") === now.columnNames.join("\0");
  if (isSame) return;
  const text = `run ${runId} began with ${before.name} ${before.version} (${before.modelDigest.slice(0, 12)}), this chunk was scored by ${now.name} ${now.version} (${now.modelDigest.slice(0, 12)}); score the whole run with one version`;
  throw new RunMismatchError(text);
}

/**
 * Checks that a new chunk has as many rows as the run recorded at its start. The last chunk may have fewer; until the
 * run knows its number of chunks, each chunk may be the last one. @throws RunMismatchError
 */
export function checkChunkRows(
  { id, chunkRows, chunksTotal }: Pick<Run, "id" | "chunkRows" | "chunksTotal">,
  { chunk, supplierIds }: Pick<ScoredChunk, "chunk" | "supplierIds">,
): void {
  const rows = supplierIds.length;
  const mayBeLast = chunksTotal === null || chunk >= chunksTotal - 1;
  if (chunkRows === 0 || rows === chunkRows || (rows < chunkRows && mayBeLast)) return;
  throw new RunMismatchError(
    `run ${id} began with chunks of ${countText(chunkRows, "row")}, but chunk ${chunk} has ${rows}; send chunks of ${countText(chunkRows, "row")} (BatchRun.chunk_rows)`,
  );
}

/**
 * Checks that a chunk which is sent again has the same number of rows: otherwise new rows would be dropped
 * silently. @throws RunMismatchError
 */
export function checkSameRows(
  runId: number,
  { chunk, supplierIds }: Pick<ScoredChunk, "chunk" | "supplierIds">,
  { rowsScored, rowsInvalid }: Omit<ChunkReceipt, "duplicate">,
): void {
  const received = rowsScored + rowsInvalid;
  if (received === supplierIds.length) return;
  throw new RunMismatchError(
    `run ${runId} received chunk ${chunk} with ${countText(received, "row")} before, now it has ${supplierIds.length}; send what was sent before, or start the run with its new source`,
  );
}
