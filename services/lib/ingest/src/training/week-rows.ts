import type { ModelSpec } from "@bellwether/config/model-spec";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { NoRowsError, SourceError } from "../ingest-errors.ts";
import { readChunks, type SnapshotChunk, snapshotShape } from "../snapshot/snapshot-chunks.ts";
import type { OutcomeLabels } from "./outcome-labels.ts";

/** The snapshot of a complete weekly run. */
export interface WeekSnapshot {
  readonly week: string;
  /** Path of the Parquet file. */
  readonly parquet: string;
}

/** Rows and labels of one week. */
export interface WeekCount {
  readonly week: string;
  readonly rows: number;
  readonly labelled: number;
  readonly positives: number;
}

/** An attribute of suppliers that divides the rows. */
export interface RowAttribute {
  readonly name: "region" | "category";
  /** One element a row; null: not known. */
  readonly values: readonly (string | null)[];
}

/** Labelled rows of weekly snapshots. */
export interface WeekRows {
  /** Ordered by week, then as in the snapshot. The date of a row is the Sunday on which its week ends. */
  readonly table: FeatureTable;
  readonly weeks: readonly WeekCount[];
  /** Region and category of the rows. An attribute that no row has is left out. */
  readonly attributes: readonly RowAttribute[];
}

/** Maximum number of labelled rows: with 100 features, they take 2 GB. */
export const MAX_WEEK_ROWS = 2_500_000;
const DAY_MS = 86_400_000;

/**
 * Reads the rows of weekly snapshots that have a label.
 * @throws SourceError when a snapshot lacks a feature or the text; NoRowsError when no row has a label, or more than 2,500,000 have
 */
export async function readWeekRows(
  snapshots: readonly WeekSnapshot[],
  model: ModelSpec,
  { labelOf }: Pick<OutcomeLabels, "labelOf">,
  {
    signal,
    onWeek = () => {},
  }: { readonly signal?: AbortSignal; readonly onWeek?: (done: number, total: number) => void } = {},
): Promise<WeekRows> {
  const parts: {
    readonly chunk: SnapshotChunk;
    readonly day: number;
    readonly rows: Uint32Array;
    readonly labels: Uint8Array;
  }[] = [];
  const weeks: WeekCount[] = [];
  let total = 0;
  const sorted = snapshots.toSorted((a, b) => (a.week < b.week ? -1 : 1));
  for (const { week, parquet } of sorted) {
    await checkColumns(week, parquet, model);
    const day = Math.floor(Date.parse(isoWeekEnd(week)) / DAY_MS);
    const count = { week, rows: 0, labelled: 0, positives: 0 };
    for await (const chunk of readChunks(parquet, { ...(signal && { signal }) })) {
      const found = chunk.supplierIds.map((id) => labelOf(id, week, day));
      const rows = Uint32Array.from([...found.keys()].filter((row) => found[row] !== null));
      const labels = Uint8Array.from(rows, (row) => found[row] ?? 0);
      count.rows += chunk.rows;
      count.labelled += rows.length;
      count.positives += labels.reduce((sum, label) => sum + label, 0);
      total += rows.length;
      if (total > MAX_WEEK_ROWS) throw new NoRowsError(`more than ${MAX_WEEK_ROWS} labelled rows; choose fewer weeks`);
      if (rows.length > 0) parts.push({ chunk: labelledPart(chunk, rows), day, rows, labels });
    }
    weeks.push(count);
    onWeek(weeks.length, sorted.length);
  }
  if (total === 0) throw new NoRowsError(noLabels(weeks));
  const numbers = new Map(
    model.features.filter(({ kind }) => kind === "numeric").map(({ name }) => [name, new Float64Array(total)]),
  );
  const labels = new Uint8Array(total);
  const asOfDays = new Int32Array(total);
  let at = 0;
  for (const part of parts) {
    for (const [name, column] of numbers) column.set(part.chunk.numbers.get(name) ?? [], at);
    labels.set(part.labels, at);
    asOfDays.fill(part.day, at, at + part.rows.length);
    at += part.rows.length;
  }
  const attributes = (["region", "category"] as const).map((name) => ({
    name,
    values: sharedTexts(parts.flatMap(({ chunk }) => chunk.attributes[name])),
  }));
  const columnOf = <T>(pick: (chunk: SnapshotChunk) => readonly T[]): T[] => parts.flatMap(({ chunk }) => pick(chunk));
  return {
    weeks,
    attributes: attributes.filter(({ values }) => values.some((value) => value !== null)),
    table: {
      ...{ rows: total, asOfDays, numbers, labels },
      supplierIds: columnOf(({ supplierIds }) => supplierIds),
      categories: new Map(
        model.features
          .filter(({ kind }) => kind === "category")
          .map(({ name }) => [name, columnOf(({ categories }) => categories.get(name) ?? [])]),
      ),
      texts: model.text === null ? null : columnOf(({ texts }) => texts ?? []),
    },
  };
}

/** Returns only some rows of a chunk, so that the other rows are freed. */
function labelledPart(chunk: SnapshotChunk, rows: Uint32Array): SnapshotChunk {
  const pick = <T>(values: readonly T[]): T[] => Array.from(rows, (row) => values[row] as T);
  return {
    ...chunk,
    rows: rows.length,
    supplierIds: pick(chunk.supplierIds),
    asOfDays: null,
    numbers: new Map(
      [...chunk.numbers].map(([name, values]) => [name, Float64Array.from(rows, (row) => values[row] ?? Number.NaN)]),
    ),
    categories: new Map([...chunk.categories].map(([name, values]) => [name, pick(values)])),
    texts: chunk.texts && pick(chunk.texts),
    attributes: {
      ...{ displayName: [], exposure: new Float64Array(), owner: [] },
      ...{ region: pick(chunk.attributes.region), category: pick(chunk.attributes.category) },
    },
  };
}

/** Returns the texts, equal ones as the same object: each row of a snapshot has its own. */
function sharedTexts(values: readonly (string | null)[]): (string | null)[] {
  const known = new Map<string, string>();
  return values.map((value) => {
    if (value === null) return null;
    const shared = known.get(value);
    if (shared !== undefined) return shared;
    known.set(value, value);
    return value;
  });
}

async function checkColumns(week: string, parquet: string, model: ModelSpec): Promise<void> {
  const { numbers, categories, text } = await snapshotShape(parquet);
  const absent = model.features
    .filter(({ name, kind }) => !(kind === "numeric" ? numbers : categories).includes(name))
    .map(({ name, kind }) => `the ${kind === "numeric" ? "number" : "category"} ${name}`);
  if (model.text !== null && text !== model.text.name) absent.push(`the text ${model.text.name}`);
  if (absent.length > 0)
    throw new SourceError(
      week,
      "snapshot.parquet",
      `it lacks ${absent.slice(0, 5).join(", ")}: the week was read with another configuration; choose later weeks`,
    );
}

function noLabels(weeks: readonly WeekCount[]): string {
  const rows = weeks.reduce((sum, week) => sum + week.rows, 0);
  const [first, last] = [weeks[0]?.week, weeks.at(-1)?.week];
  return weeks.length === 0
    ? "no complete week has a snapshot in this window"
    : `none of ${countText(rows, "row")} of ${countText(weeks.length, "week")} (${first} to ${last}) has a label: no outcome is about these suppliers and weeks, or their windows have not ended yet`;
}
