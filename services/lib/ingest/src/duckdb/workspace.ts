import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult, type Json } from "@duckdb/node-api";
import type { IngestLimits } from "../ingest-limits.ts";
import { type IngestProgress, NO_PROGRESS } from "../ingest-progress.ts";
import { bufferErrorOf } from "./buffer-error.ts";
import { sqlTexts } from "./quote-sql.ts";
import { createWorkspaceFolder, type WorkspaceFolder } from "./workspace-folder.ts";

/** A statement ran longer than its limit, or the caller aborted it. */
export class StatementStoppedError extends Error {
  override readonly name = "StatementStoppedError" as const;
  /** The limit that the statement exceeded, ms. Null: the caller stopped it. */
  readonly limitMs: number | null;

  constructor(limitMs: number | null, options?: ErrorOptions) {
    super(limitMs === null ? "the caller gave up" : `it ran longer than ${limitMs} ms`, options);
    this.limitMs = limitMs;
  }
}

/** Time in which a statement that was stopped ends, ms. */
const STOP_MS = 2_000;

/** Setting of DuckDB with the names of the optimizers that are turned off. */
const DISABLED_OPTIMIZERS = "disabled_optimizers";

/** Options of a workspace. */
export interface WorkspaceOptions {
  readonly limits: IngestLimits;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  /** Called when a statement exceeded its limit, and does not end although it was stopped. Default: it is waited for. */
  readonly onStuck?: ((error: StatementStoppedError) => void) | undefined;
  /** True: the expressions of `rows` are only evaluated one after the other, to find one that fails. Default false. */
  readonly evaluatesAlone?: boolean | undefined;
  /** False: without files of its own, for queries that need few buffers. Default true. */
  readonly hasFolder?: boolean | undefined;
}

/** Files that a database can read and write after it is locked, as real paths. */
export interface AllowedPaths {
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
}

/**
 * A DuckDB database of one run: in memory, with bounded buffers that spill into its own folder. Before `lock`
 * it can read any file; after it, only the files that `lock` allows, and no setting can be changed any more.
 */
export class Workspace {
  /** Folder of this run; deleted on disposal. Empty: it has none. */
  readonly folder: string;
  readonly limits: IngestLimits;
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  /** What is closed with the workspace. Null: the database is that of another workspace. */
  readonly #owned: { readonly folder: WorkspaceFolder | null } | null;
  readonly #onProgress: (progress: IngestProgress) => void;
  readonly #onStuck: (error: StatementStoppedError) => void;
  #progress = NO_PROGRESS;
  readonly signal: AbortSignal | undefined;
  readonly evaluatesAlone: boolean;
  #isWide = false;
  /** Names of the tables that the SQL of a mapping may read: sources, `snapshots` and finished steps. */
  readonly tables = new Set<string>();

  private constructor(
    { limits, signal, onProgress = () => {}, onStuck = () => {}, evaluatesAlone = false }: WorkspaceOptions,
    owned: { readonly folder: WorkspaceFolder | null } | null,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.folder = owned?.folder?.path ?? "";
    this.#owned = owned;
    this.limits = limits;
    this.#instance = instance;
    this.connection = connection;
    this.signal = signal;
    this.evaluatesAlone = evaluatesAlone;
    this.#onProgress = onProgress;
    this.#onStuck = onStuck;
  }

  static async open(options: WorkspaceOptions): Promise<Workspace> {
    const { limits, signal, hasFolder = true } = options;
    signal?.throwIfAborted();
    const folder = hasFolder ? await createWorkspaceFolder(limits.folder) : null;
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${limits.memoryMb}MiB`,
      threads: String(limits.threads),
      temp_directory: folder === null ? "" : join(folder.path, "spill"),
      max_temp_directory_size: `${Math.floor(limits.maxSpillBytes / 1024)}KiB`,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const connection = await instance.connect();
    // With this setting, times with a time zone become the same day on every machine.
    await connection.run("set TimeZone = 'UTC'");
    return new Workspace(options, { folder }, instance, connection);
  }

  /** Returns another connection to this database, which must be disposed of before this one. */
  async connect(signal = this.signal): Promise<Workspace> {
    const connection = await this.#instance.connect();
    return new Workspace({ limits: this.limits, signal, onStuck: this.#onStuck }, null, this.#instance, connection);
  }

  /**
   * Continues with one thread and three times the memory, which is three quarters of the process's. DuckDB holds a block
   * of each column that is read or written, for each thread; its limit counts nearly all that a wide file needs. Must be
   * called before `lock`.
   */
  async prepareForWide(): Promise<void> {
    this.#isWide = true;
    await this.connection.run("set threads = 1");
    await this.connection.run(`set memory_limit = '${Math.floor(this.limits.memoryMb * 3)}MiB'`);
  }

  /** Reports progress; fields that are left out keep their value. */
  report(change: Partial<IngestProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#onProgress(this.#progress);
  }

  /** Adds to the bytes or rows that were read. */
  reportMore({ bytesRead = 0, rowsRead = 0 }: Partial<Pick<IngestProgress, "bytesRead" | "rowsRead">>): void {
    const { bytesRead: bytes, bytesTotal, rowsRead: rows } = this.#progress;
    // A file of which a corrected copy is made is read twice.
    this.report({ bytesRead: Math.min(bytes + bytesRead, bytesTotal), rowsRead: rows + rowsRead });
  }

  /**
   * Blocks access to all files except those that are named, or are below a folder that is named, and continues with one thread, so that sums of
   * floating-point numbers do not depend on the number of cores. Settings are locked, except the one that `runTried` changes.
   */
  async lock({ files = [], folders = [] }: AllowedPaths = {}): Promise<void> {
    await this.connection.run("set threads = 1");
    if (files.length > 0) await this.connection.run(`set allowed_paths = ${sqlTexts(files)}`);
    if (folders.length > 0) await this.connection.run(`set allowed_directories = ${sqlTexts(folders)}`);
    await this.connection.run("set enable_external_access = false");
    await this.connection.run(`set allowed_configs = ['${DISABLED_OPTIMIZERS}']`);
    await this.connection.run("set lock_configuration = true");
  }

  /**
   * Runs `beside` with another connection while `main` uses that of this workspace. They run one after the other when
   * the memory would not be enough for both. @throws the first error, when both have ended
   */
  async together<Main, Beside>(
    main: () => Promise<Main>,
    beside: (other: Workspace) => Promise<Beside>,
  ): Promise<[Main, Beside]> {
    if (this.#isWide) return [await main(), await beside(this)];
    await using other = await this.connect();
    const works = [main(), beside(other)] as const;
    await Promise.allSettled(works);
    return await Promise.all(works);
  }

  /**
   * Runs a statement. Its text must be from this package, because it is not checked.
   * @throws StatementStoppedError after `timeoutMs`, or when the `signal` of this workspace aborts; IngestLimitError when
   *   DuckDB needs more memory or disk space than `limits` allow
   */
  run(sql: string, timeoutMs = this.limits.loadTimeoutMs): Promise<unknown> {
    return this.bounded(timeoutMs, () => this.connection.run(sql));
  }

  /**
   * Runs a statement with TRY, while no other connection runs one. DuckDB otherwise computes a subexpression that occurs
   * twice, such as the cast of a column, only once: before the TRY, where its error ends the statement.
   * @throws the errors of `run`
   */
  async runTried(sql: string, timeoutMs = this.limits.loadTimeoutMs): Promise<void> {
    await this.connection.run(`set ${DISABLED_OPTIMIZERS} = 'common_subexpressions'`);
    try {
      await this.run(sql, timeoutMs);
    } finally {
      await this.connection.run(`reset ${DISABLED_OPTIMIZERS}`);
    }
  }

  /** Returns all rows of a query with a small result. @throws the errors of `run` */
  async rows(sql: string, timeoutMs = this.limits.loadTimeoutMs): Promise<Json[][]> {
    const reader = await this.bounded(timeoutMs, () => this.connection.runAndReadAll(sql));
    return reader.getRowsJson();
  }

  /** Returns the single number that a query results in. @throws the errors of `run` */
  async number(sql: string): Promise<number> {
    return Number((await this.rows(sql))[0]?.[0]);
  }

  /** Returns the rows of a query as a stream of chunks. @throws the errors of `run` */
  stream(sql: string): Promise<DuckDBResult> {
    return this.bounded(this.limits.loadTimeoutMs, () => this.connection.stream(sql));
  }

  /** Waits for a call of the connection. @throws the errors of `run` */
  async bounded<T>(timeoutMs: number, start: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted();
    let limitMs: number | null | undefined;
    const timers: NodeJS.Timeout[] = [];
    const stop = (limit: number | null) => {
      limitMs = limit;
      this.connection.interrupt();
    };
    const onAbort = () => stop(null);
    const onLate = () => {
      stop(timeoutMs);
      timers.push(setTimeout(() => this.#onStuck(new StatementStoppedError(timeoutMs)), STOP_MS));
    };
    timers.push(setTimeout(onLate, timeoutMs));
    this.signal?.addEventListener("abort", onAbort);
    try {
      return await start();
    } catch (error) {
      if (limitMs !== undefined) throw new StatementStoppedError(limitMs, { cause: error });
      throw bufferErrorOf(error, this.limits) ?? error;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.signal?.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.closeSync();
    if (this.#owned === null) return;
    this.#instance.closeSync();
    await this.#owned.folder?.[Symbol.asyncDispose]();
  }
}
