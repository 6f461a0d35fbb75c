import type { OutcomeField, OutcomeMapping } from "@bellwether/config/outcome-mapping";
import { sqlName } from "../duckdb/quote-sql.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { checkFileSizes } from "../files/file-sizes.ts";
import { callersFile } from "../files/source-files.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";
import { rowsFrom } from "../mapping/rows-from.ts";
import { RejectedCollector, type RejectedRows } from "../rejected-rows.ts";
import { loadSource, type SourceReport } from "../sources/load-source.ts";

/** A row of a file of outcomes: texts, days as ISO dates; empty where the row has no value. */
export interface OutcomeFileRow extends Readonly<Record<Exclude<OutcomeField, "occurred">, string>> {
  /** Position of the row in the file, for `linesOf`. */
  readonly place: number;
  /** Undefined: the row has no value. True when the file has no such column. */
  readonly occurred: boolean | undefined;
}

/** An open file of outcomes. */
export interface OutcomeFile {
  readonly report: SourceReport;
  /** Rows that could not be read. */
  readonly rejected: RejectedRows;
  /**
   * Returns the accepted rows by supplier, at most `size` at a time. The rows of a supplier are in the order of the file, and in one page
   * if there are at most `size`: so rows that contradict each other are in one page.
   */
  pages(size: number): AsyncGenerator<readonly OutcomeFileRow[]>;
  /** Returns the lines at which rows begin, by place. */
  linesOf(places: readonly number[]): Promise<ReadonlyMap<number, number>>;
}

/** Maximum number of rows of a file: events, not scores. */
const MAX_ROWS = 1_000_000;

/**
 * Reads a file of outcomes as its mapping says, and calls `work` while the file is open.
 * @throws SourceError when the file cannot be read, or lacks a column
 */
export async function withOutcomes<T>(
  {
    file,
    mapping,
    limits,
  }: { readonly file: string; readonly mapping: OutcomeMapping; readonly limits?: Partial<IngestLimits> },
  work: (open: OutcomeFile) => Promise<T>,
): Promise<T> {
  const all = { ...DEFAULT_LIMITS, maxRows: MAX_ROWS, ...limits };
  await using workspace = await Workspace.open({ limits: all });
  const rejected = new RejectedCollector(all.maxSamples);
  const { source, columns } = mapping;
  const files = { files: [await callersFile(source, file)], ignored: [] };
  await checkFileSizes([[source, files]], all);
  const loaded = await loadSource(workspace, source, files, rejected, columns.supplier_id ?? null);
  await workspace.lock();
  const [report] = loaded.reports;
  if (report === undefined) throw new Error("a source of one file has one report");
  const { from } = rowsFrom(source.name, new Map([[source.name, loaded]]));
  const sql = `select "~place", ${FIELDS.map((field) => valueSql(field, columns[field])).join(", ")} from ${from}`;
  // Awaited: the file stays open until the work is done.
  return await work({
    report,
    rejected: rejected.result(),
    async *pages(size) {
      const order = `${valueSql("supplier_id", columns.supplier_id)} nulls first, "~place"`;
      let held: OutcomeFileRow[] = [];
      for (let offset = 0; ; ) {
        const limit = size - held.length;
        const rows = await workspace.rows(`${sql} order by ${order} limit ${limit} offset ${offset}`);
        offset += rows.length;
        const page = [...held, ...rows.map(rowOf)];
        const end = rows.length < limit ? page.length : lastSupplierAt(page);
        if (end > 0) yield page.slice(0, end);
        if (rows.length < limit) return;
        held = page.slice(end);
      }
    },
    async linesOf(places) {
      const found = await loaded.locate(places);
      return new Map([...found].flatMap(([place, { line }]) => (line === null ? [] : [[place, line] as const])));
    },
  });
}

/** Returns the position of the first row of the last supplier; the length when all rows are of one supplier, or name none. */
function lastSupplierAt(page: readonly OutcomeFileRow[]): number {
  const last = page.at(-1)?.supplier_id ?? "";
  const first = page.findIndex(({ supplier_id }) => supplier_id === last);
  return last === "" || first === 0 ? page.length : first;
}

const FIELDS = ["supplier_id", "prediction_id", "iso_week", "occurred", "happened_on", "known_on", "note"] as const;

/** Returns the SQL of a field as a text. @param column undefined: the file does not have it */
function valueSql(field: OutcomeField, column: string | undefined): string {
  if (column === undefined) return field === "occurred" ? "'true'" : "null";
  const name = sqlName(column);
  if (field === "occurred") return `cast(cast(${name} as boolean) as varchar)`;
  if (field === "happened_on" || field === "known_on") return `cast(cast(${name} as date) as varchar)`;
  return `cast(${name} as varchar)`;
}

function rowOf([place, ...values]: readonly unknown[]): OutcomeFileRow {
  const [supplier = "", prediction = "", week = "", occurred = "", happened = "", known = "", note = ""] = values.map(
    (value) => (value === null ? "" : String(value)),
  );
  return {
    place: Number(place),
    ...{
      supplier_id: supplier,
      prediction_id: prediction,
      iso_week: week,
      happened_on: happened,
      known_on: known,
      note,
    },
    occurred: occurred === "" ? undefined : occurred === "true",
  };
}
