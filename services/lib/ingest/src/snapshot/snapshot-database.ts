import { realpath } from "node:fs/promises";
import { Workspace } from "../duckdb/workspace.ts";
import type { IngestLimits } from "../ingest-limits.ts";

/**
 * Reads the snapshots of a run, all with one DuckDB database: opening one costs 30 ms of CPU time, which is more than
 * most queries cost. The database is opened with the first snapshot, and must be disposed of.
 */
export class SnapshotDatabase {
  readonly #limits: IngestLimits;
  readonly #folder: string;
  #opened: Promise<Workspace> | undefined;

  /** @param folder in which all snapshots are; the database cannot read files elsewhere */
  constructor(limits: IngestLimits, folder: string) {
    this.#limits = { ...limits, threads: 1 };
    this.#folder = folder;
  }

  /** Returns a connection, which the caller disposes of. Its tables must be temporary: the others would see them. */
  async connect(signal?: AbortSignal): Promise<Workspace> {
    signal?.throwIfAborted();
    this.#opened ??= this.#open();
    return (await this.#opened).connect(signal);
  }

  async #open(): Promise<Workspace> {
    const workspace = await Workspace.open({ limits: this.#limits });
    try {
      await workspace.lock({ folders: [await realpath(this.#folder)] });
      return workspace;
    } catch (error) {
      await workspace[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
