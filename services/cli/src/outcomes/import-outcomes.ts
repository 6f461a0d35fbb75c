import { randomUUID } from "node:crypto";
import type { OutcomeMapping } from "@bellwether/config/outcome-mapping";
import { OutcomeSource, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import {
  OutcomeConflict,
  type RecordOutcomesRequestSchema,
  type RecordOutcomesResponse,
} from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { type OutcomeFile, type OutcomeFileRow, withOutcomes } from "@bellwether/ingest/outcomes/read-outcomes";
import type { RejectedRows } from "@bellwether/ingest/rejected-rows";
import type { SourceReport } from "@bellwether/ingest/sources/load-source";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { orInterrupted } from "../remote/interrupted-import-error.ts";

export interface ImportOptions {
  readonly mapping: OutcomeMapping;
  /** Empty: the default model. */
  readonly modelName: string;
  readonly source: OutcomeSource;
  readonly corrects: boolean;
  readonly isDryRun: boolean;
}

/** Why a row was not stored, with its line in the file; null: not known. */
export interface FileViolation {
  readonly line: number | null;
  readonly supplierId: string;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

/** The report of an import. */
export interface OutcomeImport {
  /** Number of rows of the file. */
  readonly rows: number;
  readonly recorded: number;
  readonly corrected: number;
  readonly unchanged: number;
  /** Rows among `unchanged` whose note is not stored, because the stored outcome has another one. */
  readonly keptNotes: number;
  /** Rows that could not be read, and rows that ops-service did not store. */
  readonly rejected: number;
  /** Rows that could not be read, by reason. */
  readonly unread: RejectedRows;
  readonly report: SourceReport;
  /** In the order of the file, at most `MAX_VIOLATIONS`. */
  readonly violations: readonly FileViolation[];
  readonly violationCount: number;
  /** Empty: no row was sent. */
  readonly modelName: string;
  readonly horizonDays: number;
}

type Send = (request: MessageInitShape<typeof RecordOutcomesRequestSchema>) => Promise<RecordOutcomesResponse>;

/** Maximum number of rows of a request. */
const PAGE_ROWS = 1_000;
/** Maximum number of violations that a report lists. */
const MAX_VIOLATIONS = 10_000;

/** Sends the outcomes of a file, a page at a time. Each page is stored as a whole, or not at all. @throws SourceError, InterruptedImportError */
export function importOutcomes(file: string, options: ImportOptions, send: Send): Promise<OutcomeImport> {
  return withOutcomes({ file, mapping: options.mapping }, (open) => importRows(open, options, send));
}

async function importRows(open: OutcomeFile, options: ImportOptions, send: Send): Promise<OutcomeImport> {
  const { modelName: wanted, source, corrects, isDryRun: dryRun } = options;
  const sums = { recorded: 0, corrected: 0, unchanged: 0, keptNotes: 0, rejected: 0 };
  const found: (Omit<FileViolation, "line"> & { readonly place: number })[] = [];
  let violationCount = 0;
  let answered = { modelName: wanted, horizonDays: 0 };
  let sent = 0;
  for await (const page of open.pages(PAGE_ROWS)) {
    sent += page.length;
    const { keptNotes: _keptNotes, ...results } = sums;
    const answer = await orInterrupted(
      send({
        ...{ requestId: randomUUID(), modelName: wanted, rows: page.map(rowToProto), source, dryRun },
        onConflict: corrects ? OutcomeConflict.CORRECT : OutcomeConflict.REJECT,
      }),
      () =>
        dryRun ? undefined : { results, called: page.length, unsent: open.report.read - open.rejected.count - sent },
    );
    for (const key of ["recorded", "corrected", "unchanged", "keptNotes", "rejected"] as const)
      sums[key] += answer[key];
    answered = { modelName: answer.modelName, horizonDays: answer.horizonDays };
    violationCount += answer.violations.length;
    for (const { row, field, value, reason } of answer.violations.slice(0, MAX_VIOLATIONS - found.length)) {
      const sent = page[row];
      found.push({ place: sent?.place ?? -1, supplierId: sent?.supplier_id ?? "", field, value, reason });
    }
  }
  found.sort((a, b) => a.place - b.place);
  const lines = await open.linesOf([...new Set(found.map(({ place }) => place))]);
  return {
    ...{ ...sums, ...answered, violationCount, report: open.report, unread: open.rejected },
    rows: open.report.read,
    rejected: sums.rejected + open.rejected.count,
    violations: found.map(({ place, ...violation }) => ({ ...violation, line: lines.get(place) ?? null })),
  };
}

function rowToProto(row: OutcomeFileRow) {
  // A row with a day says that the risk occurred on this day.
  const occurred = row.occurred ?? (row.happened_on === "" ? undefined : true);
  const said = occurred ? OutcomeValue.OCCURRED : OutcomeValue.NOT_OCCURRED;
  const value = occurred === undefined ? OutcomeValue.UNSPECIFIED : said;
  return {
    ...{ supplierId: row.supplier_id, predictionId: row.prediction_id, isoWeek: row.iso_week, value, note: row.note },
    ...{ happenedOn: row.happened_on, knownOn: row.known_on },
  };
}

/** Sources of outcomes, by the words of --source. */
export const SOURCES = { file: OutcomeSource.FILE, review: OutcomeSource.REVIEW } as const;
