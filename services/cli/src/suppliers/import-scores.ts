import type {
  ImportExternalScoresRequestSchema,
  ImportExternalScoresResponse,
} from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { UsageError } from "../errors/usage-error.ts";
import { orInterrupted } from "../remote/interrupted-import-error.ts";
import { readMasterData } from "./read-master-data.ts";

export interface ScoreImport {
  readonly source: string;
  readonly delimiter: string;
  readonly isDryRun: boolean;
  readonly replaces: boolean;
}

/** A rejected row, with its place in the file. */
export interface RejectedLine {
  readonly line: number;
  readonly supplierId: string;
  readonly message: string;
}

/** The report of an import. */
export interface ScoreReport {
  readonly rows: number;
  readonly stored: number;
  readonly unchanged: number;
  readonly replaced: number;
  readonly rejected: number;
  /** Rejected rows in the order of the lines, at most `MAX_LINES`. */
  readonly lines: readonly RejectedLine[];
}

type Send = (
  request: MessageInitShape<typeof ImportExternalScoresRequestSchema>,
) => Promise<ImportExternalScoresResponse>;

const COLUMNS = ["supplier_id", "score", "as_of"] as const;
/** Maximum number of rows of a request. */
const PAGE_ROWS = 1_000;
/** Maximum number of rejected rows that a report lists. */
export const MAX_LINES = 10_000;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** @throws UsageError for a header without exactly the columns of external scores */
function readHeader(file: string, names: readonly string[]): readonly string[] {
  const found = names.map((name) => name.replace(/^\ufeff/, "").trim());
  const isWhole = COLUMNS.every((name) => found.includes(name)) && found.length === COLUMNS.length;
  if (!isWhole)
    throw new UsageError(
      `${file}: the first line must be ${COLUMNS.join(",")} in any order, and is ${found.join(",")}`,
    );
  return found;
}

/**
 * Imports external scores of a file in requests of 1,000 rows. Of two rows about the same supplier and day with different scores, only the
 * first one counts. @throws UsageError for a file that cannot be read; InterruptedImportError when
 * rows may be stored, and the error of `send` otherwise
 */
export async function importScoreFile(file: string, options: ScoreImport, send: Send): Promise<ScoreReport> {
  let total = 0;
  for await (const _row of readMasterData(file, { delimiter: options.delimiter, readHeader })) total++;
  const { source, delimiter, isDryRun: dryRun, replaces: replace } = options;
  const sums = { rows: 0, stored: 0, unchanged: 0, replaced: 0, rejected: 0 };
  const lines: RejectedLine[] = [];
  let page: { readonly line: number; readonly supplierId: string; readonly score: number; readonly asOf: string }[] =
    [];
  let ofPage: RejectedLine[] = [];
  const seen = new Map<string, { readonly line: number; readonly score: string }>();
  const flush = async (): Promise<void> => {
    if (page.length > 0) {
      const rows = page.map(({ line: _line, ...row }) => row);
      const { rows: read, ...results } = sums;
      const answer = await orInterrupted(send({ source, rows, dryRun, replace }), () =>
        dryRun ? undefined : { results, called: rows.length, unsent: total - read },
      );
      for (const key of ["stored", "unchanged", "replaced"] as const) sums[key] += answer[key];
      for (const { row, message } of answer.rejected) {
        const { line = 0, supplierId = "" } = page[row] ?? {};
        ofPage.push({ line, supplierId, message });
      }
    }
    ofPage.sort((a, b) => a.line - b.line);
    sums.rejected += ofPage.length;
    lines.push(...ofPage.slice(0, Math.max(0, MAX_LINES - lines.length)));
    page = [];
    ofPage = [];
  };
  for await (const { line, values, problem } of readMasterData(file, { delimiter, readHeader })) {
    sums.rows++;
    const [supplierId, text, asOf] = COLUMNS.map((name) => (values?.get(name) ?? "").trim()) as [
      string,
      string,
      string,
    ];
    const key = JSON.stringify([supplierId, asOf]);
    const before = seen.get(key);
    const isOther = before !== undefined && Number(before.score) !== Number(text);
    const repeated = isOther ? `is also in line ${before.line} with another score; only the first row counts` : "";
    const wrong = values === undefined ? problem : wrongCell(supplierId, text) || repeated;
    if (wrong === "" && before === undefined) seen.set(key, { line, score: text });
    if (wrong === "") page.push({ line, supplierId, score: Number(text), asOf: asOf.slice(0, MAX_DAY) });
    else ofPage.push({ line, supplierId, message: wrong });
    if (page.length >= PAGE_ROWS || ofPage.length >= PAGE_ROWS) await flush();
  }
  await flush();
  return { ...sums, lines };
}

/** The contract limits a day to 32 bytes: a longer text cannot be a day. */
const MAX_DAY = 8 * 4;
const MAX_ID_BYTES = 128;

/** Returns what is wrong with the cells of a row. Empty: nothing. */
function wrongCell(supplierId: string, score: string): string {
  if (supplierId === "") return "has no supplier_id";
  if (Buffer.byteLength(supplierId) > MAX_ID_BYTES || supplierId.includes("\0"))
    return "has a supplier_id that is not 1 to 128 bytes";
  return NUMBER.test(score) ? "" : `the score ${JSON.stringify(score)} is not a number with a decimal point`;
}
