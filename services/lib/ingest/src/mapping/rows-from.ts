import { sqlName } from "../duckdb/quote-sql.ts";
import type { RejectedSample } from "../rejected-rows.ts";
import { ACCEPTED, type LoadedSource, rawTable } from "../sources/load-source.ts";
import { MARK } from "../sources/typed-rows.ts";
import type { ViolationSample } from "./violation-samples.ts";

/** The table of the rows to map. */
export interface RowsFrom {
  /** Table expression with the columns that the expressions of `rows` use. */
  readonly from: string;
  /** SQL of a row's position in its file, 0 for the first; null when rows are results of the mapping's SQL. */
  readonly place: string | null;
  /** SQL that is true when the row's supplier id was cleaned while its source was read; null when that is not known. */
  readonly cleaned: string | null;
  /** Adds file and line to samples. Rows that are results of the mapping's SQL have none. */
  locate(samples: readonly ViolationSample[]): Promise<RejectedSample[]>;
}

/**
 * Returns the table with the name `name`: a source, whose rows have a place in a file, or a step of the mapping.
 * @param file Name of the file of a row whose place is not found.
 */
export function rowsFrom(name: string, sources: ReadonlyMap<string, LoadedSource>, file = ""): RowsFrom {
  const source = sources.get(name);
  const located = async (samples: readonly ViolationSample[]): Promise<RejectedSample[]> => {
    const found = await source?.locate(samples.flatMap(({ place, kept }) => [place ?? [], kept?.place ?? []].flat()));
    return samples.map(({ place, kept, error, ...violation }) => {
      const { file: of, line } = found?.get(place ?? -1) ?? { file, line: null };
      const first = found?.get(kept?.place ?? -1);
      const where = first && `line ${first.line ?? "unknown"}${first.file === of ? "" : ` of ${first.file}`} was kept`;
      const reason = [violation.reason, where, kept?.difference, error].filter(Boolean).join("; ");
      return { source: "rows", file: of, line, ...violation, reason };
    });
  };
  if (source === undefined) return { from: sqlName(name), place: null, cleaned: null, locate: located };
  return {
    from: `(select rowid as "~place", ${MARK.cleaned} as "~cleaned at reading", * from ${rawTable(name)} where ${ACCEPTED}) as ${sqlName(name)}`,
    place: '"~place"',
    cleaned: '"~cleaned at reading"',
    locate: located,
  };
}
