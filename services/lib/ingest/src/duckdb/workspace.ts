import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult, type Json } from "@duckdb/node-api";
import type { IngestLimits } from "../ingest-limits.ts";
import { sqlTexts } from "./quote-sql.ts";

/** A statement ran longer than its limit, or the caller aborted it. */
export class StatementStoppedError extends Error {
  override readonly name = "StatementStoppedError" as const;
}

/**
 * A DuckDB database of one run: in memory, with bounded buffers that spill into its own folder. Before `lock`
 * it can read any file; after it, only the files that `lock` names, and no setting can be changed any more.
 */
export class Workspace {
  /** Folder of this run; deleted on disposal. */
  readonly folder: string;
  readonly limits: IngestLimits;
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly signal: AbortSignal | undefined;

  private constructor(
    folder: string,
    limits: IngestLimits,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    signal: AbortSignal | undefined,
  ) {
    this.folder = folder;
    this.limits = limits;
    this.#instance = instance;
    this.connection = connection;
    this.signal = signal;
  }

  static async open(limits: IngestLimits, signal?: AbortSignal): Promise<Workspace> {
    signal?.throwIfAborted();
    const folder = await mkdtemp(join(tmpdir(), "bellwether-ingest-"));
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${limits.memoryMb}MiB`,
      threads: String(limits.threads),
      temp_directory: join(folder, "spill"),
      max_temp_directory_size: `${limits.tempMb}MiB`,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const connection = await instance.connect();
    // With this setting, times with a time zone become the same day on every machine.
    await connection.run("set TimeZone = 'UTC'");
    return new Workspace(folder, limits, instance, connection, signal);
  }

  /**
   * Blocks access to all files except `allowedFiles` and continues with one thread, so that sums of
   * floating-point numbers do not depend on the number of cores.
   */
  async lock(allowedFiles: readonly string[] = []): Promise<void> {
    await this.connection.run("set threads = 1");
    if (allowedFiles.length > 0) await this.connection.run(`set allowed_paths = ${sqlTexts(allowedFiles)}`);
    await this.connection.run("set enable_external_access = false");
    await this.connection.run("set lock_configuration = true");
  }

  /**
   * Runs a statement that this package built. @throws StatementStoppedError after `timeoutMs` or when the
   * signal is aborted.
   */
  run(sql: string, timeoutMs = this.limits.loadTimeoutMs): Promise<unknown> {
    return this.#bounded(timeoutMs, () => this.connection.run(sql));
  }

  /** Returns all rows of a small query that this package built. */
  async rows(sql: string, timeoutMs = this.limits.loadTimeoutMs): Promise<Json[][]> {
    const reader = await this.#bounded(timeoutMs, () => this.connection.runAndReadAll(sql));
    return reader.getRowsJson();
  }

  /** Returns the single number that is the result of a query of this package. */
  async number(sql: string): Promise<number> {
    return Number((await this.rows(sql))[0]?.[0]);
  }

  /** Returns the rows of a query of this package as a stream of chunks. */
  stream(sql: string): Promise<DuckDBResult> {
    return this.#bounded(this.limits.loadTimeoutMs, () => this.connection.stream(sql));
  }

  async #bounded<T>(timeoutMs: number, start: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted();
    let stopped: string | null = null;
    const stop = (why: string) => {
      stopped = why;
      this.connection.interrupt();
    };
    const onAbort = () => stop("the caller gave up");
    const timer = setTimeout(() => stop(`it ran longer than ${timeoutMs} ms`), timeoutMs);
    this.signal?.addEventListener("abort", onAbort);
    try {
      return await start();
    } catch (error) {
      if (stopped !== null) throw new StatementStoppedError(stopped, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      this.signal?.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.closeSync();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }
}
