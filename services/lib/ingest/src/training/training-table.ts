import type { FeatureMapping } from "@bellwether/config/feature-mapping";
import type { ModelSpec } from "@bellwether/config/model-spec";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { countText } from "@bellwether/reasons/count-text";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { copyNumbers, copyTexts, type NumberColumn } from "../duckdb/column-copy.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { checkFileSizes } from "../files/file-sizes.ts";
import { findFiles, type SourceFiles } from "../files/source-files.ts";
import { MappingSqlError, NoRowsError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";
import { addCleaned, idColumnOf } from "../mapping/id-column.ts";
import { type CleanedIds, type MappedRows, mapRows } from "../mapping/map-rows.ts";
import { MAPPED } from "../mapping/mapped-sql.ts";
import { makeSnapshots, runSteps } from "../mapping/mapping-steps.ts";
import { COLUMN } from "../mapping/rejected-row-reasons.ts";
import { rowsFrom } from "../mapping/rows-from.ts";
import { mappingOfRun } from "../mapping/run-parameters.ts";
import { RejectedCollector, type RejectedRows } from "../rejected-rows.ts";
import { type LoadedSource, loadSource, type SourceReport } from "../sources/load-source.ts";
import { futureWarnings } from "./future-check.ts";
import { LABELS, makeLabels } from "./training-labels.ts";

/** Training rows with a report of their sources. */
export interface TrainingTable {
  /** Ordered by date, then supplier; `asOfDays` is null when the mapping has no dates. */
  readonly table: FeatureTable;
  readonly rejected: RejectedRows;
  /** Feature rows without a row of the label SELECT. */
  readonly unlabelled: number;
  /** Rows that are older than another one of their supplier and date, by the mapping's `keepNewestBy`. */
  readonly olderRows: number;
  readonly cleanedIds: CleanedIds;
  readonly sources: readonly SourceReport[];
  /** Warnings about rows of which most are rejected and, when `checksFuture` was set, about data of the future. */
  readonly warnings: readonly string[];
}

/** Input of the training data. */
export interface TrainingInput {
  readonly model: ModelSpec;
  readonly mapping: FeatureMapping;
  readonly dataDir: string;
  readonly limits?: Partial<IngestLimits>;
  readonly signal?: AbortSignal;
  /** Whether the rows of one day are mapped a second time without the data after it. */
  readonly checksFuture?: boolean;
}

/**
 * Reads the mapping's sources below `dataDir` and runs its SQL to produce one labelled row per supplier (and
 * date). For the same files the table is bit-identical on any number of cores.
 * @throws SourceError, MappingSqlError, also when the mapping has no label; NoRowsError when no row is left for training
 */
export async function readTrainingTable(input: TrainingInput): Promise<TrainingTable> {
  const { model, dataDir } = input;
  const mapping = mappingOfRun(input.mapping, null);
  const { label } = mapping;
  if (label === null)
    throw new MappingSqlError(
      "label",
      "the mapping has no label, which training needs; without labels, publish a scorecard (docs/scorecard.md)",
    );
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  await using workspace = await Workspace.open({ limits, signal: input.signal });
  const rejected = new RejectedCollector(limits.maxSamples);
  const sources: SourceReport[] = [];
  const loadedSources = new Map<string, LoadedSource>();
  const idColumn = idColumnOf(mapping.rows);
  const inputs: (readonly [SourceMapping, SourceFiles])[] = [];
  for (const source of mapping.sources) inputs.push([source, await findFiles(source, dataDir, limits.maxFiles)]);
  await checkFileSizes(inputs, limits);
  for (const [source, files] of inputs) {
    const loaded = await loadSource(workspace, source, files, rejected, idColumn);
    loadedSources.set(source.name, loaded);
    sources.push(...loaded.reports);
  }

  if (mapping.snapshots) await makeSnapshots(workspace, mapping.snapshots);
  await workspace.lock();
  await runSteps(workspace, mapping.steps);
  const hasAsOf = mapping.rows.asOf !== null;
  await makeLabels(workspace, label, model.target.name, hasAsOf);
  const { locate, ...from } = rowsFrom(mapping.rows.from, loadedSources);
  const mapped = await mapRows(workspace, {
    path: "rows",
    rows: mapping.rows,
    ...from,
    model,
    labels: LABELS,
    asOf: null,
    newestOnly: false,
  });
  rejected.add("rows", mapped.reasons, await locate(mapped.samples));
  const unlabelled = mapped.notChosen;
  if (mapped.rows === 0) throw noRows(sources, rejected.result(), unlabelled);
  const table = await featureTable(workspace, model, mapped.rows, hasAsOf);
  return {
    table,
    warnings: [
      ...rejectedWarnings(mapped, limits.maxRejectedShare),
      ...(input.checksFuture === true ? await futureWarnings(workspace, input) : []),
    ],
    rejected: rejected.result(),
    unlabelled,
    olderRows: mapped.older,
    cleanedIds: addCleaned(mapped.cleanedIds, sources),
    sources,
  };
}

/** Warns when the mapping rejects more than this share of the rows that have a label. */
function rejectedWarnings({ rows, reasons }: MappedRows, maxRejectedShare: number): string[] {
  const rejected = reasons.reduce((sum, reason) => sum + reason.rows, 0);
  const given = rows + rejected;
  if (rejected <= given * maxRejectedShare) return [];
  const [most] = reasons.toSorted((a, b) => b.rows - a.rows);
  const why =
    most && `, ${most.rows} of them because of: ${most.column === null ? "" : `${most.column}: `}${most.reason}`;
  return [
    `${rejected} of ${countText(given, "row")} were rejected (${Math.round((100 * rejected) / given)} %)${why}; the mapping is probably wrong`,
  ];
}

function noRows(sources: readonly SourceReport[], rejected: RejectedRows, unlabelled: number): NoRowsError {
  const read = sources.map((s) => `${s.file}: ${countText(s.rows, "row")}`).join(", ");
  const first = rejected.samples[0];
  return new NoRowsError(
    `no training rows are left: ${read}; ${countText(rejected.count, "row")} rejected, ${unlabelled} without a label` +
      (first ? `; the first rejected: ${first.column ?? ""} ${first.reason} (${first.text})` : ""),
  );
}

async function featureTable(
  workspace: Workspace,
  model: ModelSpec,
  rows: number,
  hasAsOf: boolean,
): Promise<FeatureTable> {
  const numbers = new Map<string, Float64Array>();
  const categories = new Map<string, (string | null)[]>();
  for (const { name, kind } of model.features)
    if (kind === "numeric") numbers.set(name, new Float64Array(rows));
    else categories.set(name, []);
  const labels = new Uint8Array(rows);
  const asOfDays = new Int32Array(rows);
  const supplierIds: (string | null)[] = [];
  const texts: (string | null)[] = [];

  const numberColumns: readonly (readonly [string, NumberColumn])[] = [
    ...[...numbers].map(([name, to]) => [`coalesce(${sqlName(COLUMN.number(name))}, 'nan'::double)`, to] as const),
    ["label::utinyint", labels],
    [hasAsOf ? "(as_of - date '1970-01-01')::integer" : "0::integer", asOfDays],
  ];
  const textColumns: readonly (readonly [string, (string | null)[]])[] = [
    ["supplier_id", supplierIds],
    ...[...categories].map(([name, to]) => [sqlName(COLUMN.category(name)), to] as const),
    [model.text ? sqlName(COLUMN.text(model.text.name)) : "''", texts],
  ];
  const result = await workspace.stream(
    `select ${[...numberColumns, ...textColumns].map(([sql]) => sql).join(", ")} from ${MAPPED}
     where "~fault" is null order by as_of, supplier_id`,
  );
  let at = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    workspace.signal?.throwIfAborted();
    const part = { from: 0, count: chunk.rowCount, at };
    for (const [i, [, to]] of numberColumns.entries()) copyNumbers(chunk, i, to, part);
    for (const [i, [, to]] of textColumns.entries()) copyTexts(chunk, numberColumns.length + i, to, part);
    at += chunk.rowCount;
  }
  return {
    rows,
    supplierIds: supplierIds.map((id) => id ?? ""),
    asOfDays: hasAsOf ? asOfDays : null,
    numbers,
    categories,
    texts: model.text ? texts.map((text) => text ?? "") : null,
    labels,
  };
}
