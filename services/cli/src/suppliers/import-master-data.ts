import { randomUUID } from "node:crypto";
import {
  type ImportSuppliersRequestSchema,
  type ImportSuppliersResponse,
  type MasterDataRowSchema,
  OnConflict,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { orInterrupted } from "../remote/interrupted-import-error.ts";
import { masterDataRow, type RowProblem } from "./master-data-row.ts";
import { type CsvRow, readMasterData } from "./read-master-data.ts";

export interface ImportOptions {
  readonly delimiter: string;
  readonly isDryRun: boolean;
  readonly onConflict: OnConflict;
  readonly emptyClears: boolean;
}

/** A problem of a row, with its place in the file. */
export interface FileViolation extends RowProblem {
  readonly line: number;
  readonly supplierId: string;
}

/** A supplier that the file creates or changes. */
export interface FileChange {
  readonly line: number;
  readonly supplierId: string;
  readonly isCreated: boolean;
  readonly fields: readonly string[];
}

/** The report of an import. */
export interface FileReport {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly rejected: number;
  /** Number of valid rows about suppliers that are merged into another one. */
  readonly mergedRows: number;
  readonly isStopped: boolean;
  /** Violations in the order of the lines, at most `MAX_VIOLATIONS`. */
  readonly violations: readonly FileViolation[];
  /** Number of violations, with those that are not listed. */
  readonly violationCount: number;
  /** Changed suppliers in the order of the lines, at most `MAX_CHANGES`. `created` + `updated` is the number of all. */
  readonly changes: readonly FileChange[];
}

type RequestRow = MessageInitShape<typeof MasterDataRowSchema>;
type Send = (request: MessageInitShape<typeof ImportSuppliersRequestSchema>) => Promise<ImportSuppliersResponse>;

const COUNTS = ["created", "updated", "unchanged", "skipped", "rejected", "mergedRows"] as const;
/** Maximum number of rows of a request. */
const PAGE_ROWS = 1_000;
/** Maximum number of violations that a report lists. */
export const MAX_VIOLATIONS = 10_000;
/** Maximum number of changed suppliers that a report lists. */
export const MAX_CHANGES = 10_000;

/**
 * Imports a file in requests of 1,000 rows. With STOP, the whole file is compared first, so that a conflict in its
 * last line stops the import before anything is stored.
 * @param onRows Called with the number of rows that were read so far and that of all rows.
 * @throws UsageError for a file that cannot be read, before anything is stored; InterruptedImportError when rows may be
 * stored, and the error of `send` otherwise
 */
export async function importFile(
  file: string,
  options: ImportOptions,
  send: Send,
  onRows: (rows: number, total: number) => void,
): Promise<FileReport> {
  let total = 0;
  for await (const _row of readMasterData(file, options)) total++;
  const comparesFirst = options.onConflict === OnConflict.STOP && !options.isDryRun;
  if (comparesFirst) {
    const compared = await importRows(file, { ...options, isDryRun: true }, send, total, () => undefined);
    if (compared.isStopped) return compared;
  }
  return await importRows(file, options, send, total, (rows) => onRows(rows, total));
}

async function importRows(
  file: string,
  options: ImportOptions,
  send: Send,
  total: number,
  onRows: (rows: number) => void,
): Promise<FileReport> {
  const { isDryRun: dryRun, onConflict } = options;
  const sums = { rows: 0, created: 0, updated: 0, unchanged: 0, skipped: 0, rejected: 0, mergedRows: 0 };
  const violations: FileViolation[] = [];
  const changes: FileChange[] = [];
  let violationCount = 0;
  let isStopped = false;
  let page: { readonly line: number; readonly row: RequestRow }[] = [];
  let ofPage: FileViolation[] = [];
  const check = createRowCheck(options);
  const flush = async (): Promise<void> => {
    if (page.length > 0) {
      const { created, updated, unchanged, skipped, rejected } = sums;
      const answer = await orInterrupted(
        send({ requestId: randomUUID(), rows: page.map(({ row }) => row), dryRun, onConflict }),
        () =>
          dryRun
            ? undefined
            : {
                results: { created, updated, unchanged, skipped, rejected },
                ...{ called: page.length, unsent: total - sums.rows },
              },
      );
      for (const key of COUNTS) sums[key] += answer[key];
      isStopped ||= answer.stopped;
      for (const { row, created: isCreated, fields } of answer.changes.slice(0, MAX_CHANGES - changes.length)) {
        const { line = 0, row: sent } = page[row] ?? {};
        changes.push({ line, supplierId: sent?.supplierId ?? "", isCreated, fields });
      }
      for (const { row, field, value, reason } of answer.violations) {
        const { line = 0, row: sent } = page[row] ?? {};
        ofPage.push({ line, supplierId: sent?.supplierId ?? "", field, value, reason });
      }
    }
    ofPage.sort((a, b) => a.line - b.line);
    violationCount += ofPage.length;
    violations.push(...ofPage.slice(0, Math.max(0, MAX_VIOLATIONS - violations.length)));
    page = [];
    ofPage = [];
    onRows(sums.rows);
  };
  for await (const csvRow of readMasterData(file, options)) {
    sums.rows++;
    const { row, problems } = check(csvRow);
    if (problems.length > 0) {
      sums.rejected++;
      ofPage.push(...problems.map((problem) => ({ line: csvRow.line, supplierId: row?.supplierId ?? "", ...problem })));
    } else if (row) page.push({ line: csvRow.line, row });
    if (page.length >= PAGE_ROWS || ofPage.length >= PAGE_ROWS) await flush();
  }
  await flush();
  return { ...sums, isStopped, violations, violationCount, changes };
}

/** Creates a function that checks what can be checked in the file alone, rows of one supplier among them. */
function createRowCheck({ emptyClears }: ImportOptions) {
  const lineOf = new Map<string, number>();
  return (csvRow: CsvRow): { readonly row: RequestRow | undefined; readonly problems: readonly RowProblem[] } => {
    const { line, values, problem, text } = csvRow;
    if (!values) return { row: undefined, problems: [{ field: "", value: text, reason: problem }] };
    const { row, problems } = masterDataRow(values, { emptyClears });
    if (problems.length > 0) return { row, problems };
    const id = row.supplierId ?? "";
    const keys = [
      { field: "supplier_id", value: id, key: `id/${id}` },
      ...(row.identifiers ?? [])
        .filter(({ value = "", shared = false }) => value !== "" && !shared)
        .map(({ kind = "", value = "" }) => ({
          field: `identifiers.${kind}`,
          value,
          key: `${kind}/${value.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")}`,
        })),
    ];
    const repeated = keys.flatMap(({ field, value, key }): RowProblem[] => {
      const before = value === "" ? undefined : lineOf.get(key);
      return before === undefined
        ? []
        : [{ field, value, reason: `is also in line ${before}; only the first row counts` }];
    });
    if (repeated.length > 0) return { row, problems: repeated };
    for (const { key } of keys) lineOf.set(key, line);
    return { row, problems: [] };
  };
}
