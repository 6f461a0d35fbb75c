import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { FeatureMapping, WeeklyMapping } from "@bellwether/config/feature-mapping";
import { isIsoDate } from "@bellwether/config/iso-date";
import type { ModelSpec } from "@bellwether/config/model-spec";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import type { MissingColumn } from "@bellwether/plausibility/check-renamed";
import { sqlText } from "../duckdb/quote-sql.ts";
import { type StatementStoppedError, Workspace } from "../duckdb/workspace.ts";
import { fileDigest } from "../files/file-digest.ts";
import { checkFileSizes } from "../files/file-sizes.ts";
import { callersFile, findFiles, type SourceFiles } from "../files/source-files.ts";
import { MappingSqlError, SourceError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";
import type { IngestProgress } from "../ingest-progress.ts";
import type { ChangedAttribute } from "../mapping/changed-attributes.ts";
import { addCleaned, idColumnOf } from "../mapping/id-column.ts";
import { type CleanedIds, type MappedRows, mapRows } from "../mapping/map-rows.ts";
import { MAPPED, MARK_COLUMNS } from "../mapping/mapped-sql.ts";
import { makeSnapshots, materialize, runSteps } from "../mapping/mapping-steps.ts";
import { rowsFrom } from "../mapping/rows-from.ts";
import { mappingOfRun, type RunDate } from "../mapping/run-parameters.ts";
import { weeklyMapping } from "../mapping/weekly-mapping.ts";
import { RejectedCollector, type RejectedRows, type RejectedSample } from "../rejected-rows.ts";
import { type LoadedSource, loadSource, type SourceReport } from "../sources/load-source.ts";
import { type EarlierColumns, knownColumns } from "../sources/renamed-columns.ts";
import { type InputProfile, profileMapped } from "./column-profile.ts";

/** Input of a weekly run, and the file to which its snapshot is written. */
export interface WeeklyInput {
  readonly model: ModelSpec;
  readonly mapping: FeatureMapping;
  /** A file, or the data folder with the files that the mapping names. */
  readonly input: string;
  /** Path of the Parquet file. It is written completely or not at all, and replaces an older one. */
  readonly outParquet: string;
  /**
   * Snapshot date, ISO. Without it, a flat file's own dates up to the end of the week of `run` are used; for raw files the mapping's `weekly.snapshot`,
   * or without that the end of the week of `run`.
   */
  readonly asOf?: string;
  /** The week of the run: values of the parameters $week and $as_of of the mapping's SQL. Absent: both are null. */
  readonly run?: RunDate;
  /** The columns of the week before, to find columns that were renamed. Absent: names alone are compared. */
  readonly previous?: EarlierColumns | null;
  readonly limits?: Partial<IngestLimits>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Called when SQL of the mapping exceeded its time limit, and does not end. Default: it is waited for. */
  readonly onStuck?: (error: StatementStoppedError) => void;
  /**
   * True: nothing is written. The expressions of `rows` are evaluated one after the other, and the error names the
   * expression that fails.
   */
  readonly evaluatesAlone?: boolean;
}

/**
 * Accepted rows of a weekly run on disk, which later steps of the run read. In the flat form `rows` +
 * `rejected.count` + `olderRows` + the rows of `laterRows` is the sum of `read` over the sources. In the raw form the mapping's SQL makes new rows
 * from those it reads.
 */
export interface WeeklySnapshot {
  readonly path: string;
  /** SHA-256 of the Parquet file, lower-case hex. */
  readonly digest: string;
  readonly bytes: number;
  readonly rows: number;
  /** Snapshot date of all rows, ISO; null when each row has its own or none. */
  readonly asOf: string | null;
  /** Newest snapshot date of an accepted row, ISO; null when no row has one. */
  readonly newestAsOf: string | null;
  readonly rejected: RejectedRows;
  readonly cleanedIds: CleanedIds;
  /** Attributes of accepted rows that are stored differently from the input. */
  readonly changedAttributes: readonly ChangedAttribute[];
  /**
   * Number of rows that were left out because they are not their supplier's newest: up to `asOf`, in the flat form up to
   * the end of the week, and by `keepNewestBy`.
   */
  readonly olderRows: number;
  /** Rows that were not used because they are dated after a day. Null: there are none. */
  readonly laterRows: LaterRows | null;
  readonly sources: readonly SourceReport[];
  readonly profile: InputProfile;
  /** Optional columns that a file does not have although it has columns that the mapping does not read. */
  readonly missing: readonly MissingColumn[];
}

/** Rows that are dated after a day: the snapshot date, or the end of the week. */
export interface LaterRows {
  readonly rows: number;
  /** The day, ISO. */
  readonly after: string;
}

/** Number of rows in one Parquet row group: ten chunks of the batch size. */
export const ROW_GROUP = 40_960;
/**
 * Number of different values up to which a column of a row group has a dictionary. DuckDB fills a dictionary until the limit
 * is exceeded, and nearly every number of a row is different: with its default, 8,192, writing takes a third longer.
 */
const DICTIONARY_VALUES = 1_024;

/**
 * Maps the input of a weekly run to feature rows with attributes, without labels, and writes them in the input's order.
 * @throws SourceError, MappingSqlError
 */
export async function snapshotWeekly(input: WeeklyInput): Promise<WeeklySnapshot> {
  const task = { ...input, mapping: weeklyMapping(mappingOfRun(input.mapping, input.run ?? null)) };
  const { weekly } = task.mapping;
  if (weekly === null) throw new MappingSqlError("weekly", "the mapping has no weekly form");
  if (task.asOf !== undefined && !isIsoDate(task.asOf))
    throw new RangeError(`asOf ${task.asOf} is not a date YYYY-MM-DD`);
  const limits = { ...DEFAULT_LIMITS, ...task.limits };
  await mkdir(dirname(task.outParquet), { recursive: true });
  const folder = await realpath(dirname(task.outParquet));
  const path = join(folder, basename(task.outParquet));
  const partial = join(folder, `${partialPrefix(basename(task.outParquet))}${randomUUID()}${PARTIAL}`);

  await removePartials(folder, basename(task.outParquet));
  await using workspace = await Workspace.open({
    ...{ limits, signal: task.signal, onProgress: task.onProgress, onStuck: task.onStuck },
    evaluatesAlone: task.evaluatesAlone,
  });
  const rejected = new RejectedCollector(limits.maxSamples);
  const sources: SourceReport[] = [];
  const missing: MissingColumn[] = [];
  const loadedSources = new Map<string, LoadedSource>();
  // In the flat form ids are cleaned together with the rows, where duplicates that cleaning produces can be
  // counted.
  const idColumn = weekly.form === "flat" ? null : idColumnOf(task.mapping.rows);
  const inputs: (readonly [SourceMapping, SourceFiles])[] = [];
  for (const source of weeklySources(task.mapping, weekly))
    inputs.push([source, await weeklyFiles(task, source, limits)]);
  workspace.report({ bytesTotal: await checkFileSizes(inputs, limits) });
  for (const [source, files] of inputs) {
    const known = knownColumns(task.mapping, source, task.previous ?? null);
    const loaded = await loadSource(workspace, source, files, rejected, idColumn, known);
    missing.push(...loaded.missing);
    sources.push(...loaded.reports);
    loadedSources.set(source.name, loaded);
  }
  await workspace.lock({ files: [partial] });
  workspace.report({ step: "mapping" });
  const mapped =
    weekly.form === "flat"
      ? await mapFlat(workspace, task, weekly, loadedSources)
      : await mapRaw(workspace, task, weekly, loadedSources);
  rejected.add("rows", mapped.reasons, mapped.samples);
  workspace.report({ step: "writing", statement: "" });
  try {
    const write = async () => {
      await workspace.run(
        `copy (select * exclude (${MARK_COLUMNS.join(", ")}) from ${MAPPED} where "~fault" is null)
         to ${sqlText(partial)} (format parquet, compression snappy, row_group_size ${ROW_GROUP}, dictionary_size_limit ${DICTIONARY_VALUES})`,
      );
      const written = await sealFile(partial);
      const [[newest] = []] = await workspace.rows(`select max(as_of)::varchar from ${MAPPED} where "~fault" is null`);
      return { ...written, newest };
    };
    const [{ newest, ...written }, profile] = await workspace.together(write, (other) =>
      profileMapped(other, task.model),
    );
    await rename(partial, path);
    return {
      path,
      ...written,
      rows: mapped.rows,
      asOf: mapped.asOf,
      newestAsOf: typeof newest === "string" ? newest : null,
      rejected: rejected.result(),
      cleanedIds: addCleaned(mapped.cleanedIds, sources),
      changedAttributes: mapped.changedAttributes,
      olderRows: mapped.notChosen + mapped.older,
      laterRows: mapped.later === 0 || mapped.until === null ? null : { rows: mapped.later, after: mapped.until },
      sources,
      profile,
      missing,
    };
  } finally {
    await rm(partial, { force: true });
  }
}

/** Returns the sources that a weekly run reads. @param mapping as `weeklyMapping` returns it */
export function weeklySources(mapping: FeatureMapping, weekly: WeeklyMapping): readonly SourceMapping[] {
  return weekly.form === "flat" ? [weekly.source] : mapping.sources;
}

interface MappedWeek extends Omit<MappedRows, "samples"> {
  readonly samples: readonly RejectedSample[];
  readonly asOf: string | null;
  /** The day up to which rows were used, ISO. Null: rows of each day. */
  readonly until: string | null;
}

/** Returns the files of one source of a weekly run's input. @throws SourceError */
export async function weeklyFiles(
  task: Pick<WeeklyInput, "input" | "mapping">,
  source: SourceMapping,
  limits: Pick<IngestLimits, "maxFiles">,
): Promise<SourceFiles> {
  const isFolder = await stat(task.input).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (isFolder) return findFiles(source, task.input, limits.maxFiles);
  if (task.mapping.weekly?.form === "raw" && task.mapping.sources.length > 1)
    throw new SourceError(
      source.name,
      basename(task.input),
      "the mapping has several sources; give the folder of their files",
    );
  return { files: [await callersFile(source, task.input)], ignored: [] };
}

async function mapFlat(
  workspace: Workspace,
  task: WeeklyInput,
  weekly: Extract<WeeklyMapping, { form: "flat" }>,
  sources: ReadonlyMap<string, LoadedSource>,
): Promise<MappedWeek> {
  const asOf = task.asOf ?? null;
  const { locate, ...from } = rowsFrom(weekly.source.name, sources, basename(task.input));
  // A weekly run scores a supplier once, by its newest row. With a snapshot date, the rows have no dates of their own.
  const newestOnly = asOf === null && weekly.rows.asOf !== null;
  const until = newestOnly ? (task.run?.asOf ?? null) : asOf;
  const mapped = await mapRows(workspace, {
    path: "weekly.rows",
    rows: asOf === null ? weekly.rows : { ...weekly.rows, asOf: null },
    ...from,
    model: task.model,
    labels: null,
    asOf: until,
    newestOnly,
  });
  return { ...mapped, samples: await locate(mapped.samples), asOf, until };
}

async function mapRaw(
  workspace: Workspace,
  task: WeeklyInput,
  weekly: Extract<WeeklyMapping, { form: "raw" }>,
  sources: ReadonlyMap<string, LoadedSource>,
): Promise<MappedWeek> {
  const { mapping, model } = task;
  const asOf = task.asOf ?? (await rawSnapshotDate(workspace, task, weekly.snapshot));
  if (mapping.snapshots) {
    if (asOf === null) throw new MappingSqlError("weekly.snapshot", "no snapshot date; pass one or add this SELECT");
    await makeSnapshots(workspace, { every: "day", from: asOf, to: asOf });
  }
  await runSteps(workspace, mapping.steps);
  const { locate, ...from } = rowsFrom(mapping.rows.from, sources);
  const mapped = await mapRows(workspace, {
    path: "rows",
    rows: mapping.rows,
    ...from,
    model,
    labels: null,
    asOf,
    newestOnly: mapping.snapshots === null && mapping.rows.asOf !== null,
  });
  return { ...mapped, samples: await locate(mapped.samples), asOf, until: asOf };
}

/**
 * Returns the date of a raw run's snapshot: the date of the mapping's SELECT, or without one the end of the run's
 * week. Null: the rows have no dates.
 */
async function rawSnapshotDate(
  workspace: Workspace,
  { mapping, run }: WeeklyInput,
  snapshot: string | null,
): Promise<string | null> {
  if (snapshot !== null) return snapshotDate(workspace, snapshot);
  return mapping.snapshots !== null || mapping.rows.asOf !== null ? (run?.asOf ?? null) : null;
}

/** Returns the single date that the mapping's SELECT returns. */
async function snapshotDate(workspace: Workspace, sql: string): Promise<string> {
  const path = "weekly.snapshot";
  await materialize(workspace, path, "snapshot date", sql);
  const rows = await workspace.rows(`select try_cast(columns(*)::varchar as date)::varchar from "snapshot date"`);
  const [date] = rows[0] ?? [];
  if (rows.length !== 1 || rows[0]?.length !== 1 || typeof date !== "string" || !isIsoDate(date))
    throw new MappingSqlError(path, "one row with one date is expected");
  return date;
}

const partialPrefix = (name: string): string => `.${name}.`;
const PARTIAL = ".partial";

/** Removes the partial files that killed processes left beside the snapshot `name`. */
async function removePartials(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder))
    if (entry.startsWith(partialPrefix(name)) && entry.endsWith(PARTIAL))
      await rm(join(folder, entry), { force: true });
}

/** Syncs a finished file. Returns its size and its SHA-256. */
async function sealFile(path: string): Promise<Pick<WeeklySnapshot, "digest" | "bytes">> {
  await using file = await open(path, "r+");
  const [digest] = await Promise.all([fileDigest(path), file.sync()]);
  return { digest, bytes: (await file.stat()).size };
}
