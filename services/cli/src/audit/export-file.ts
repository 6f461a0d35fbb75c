import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat, truncate } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import {
  EXPORT_COLUMNS,
  ExportFormError,
  isExportEnd,
  readExportRow,
  rowFromEnd,
  rowFromRecord,
} from "@bellwether/contract/audit/export-records";
import { type AuditHead, EMPTY_CHAIN, type HashedRecord } from "@bellwether/contract/audit/record-hash";
import { UsageError } from "../errors/usage-error.ts";
import { writeText } from "../output/whole-file.ts";

/** Formats of an export, by the ending of the file. */
export const EXPORT_ENDINGS = [".jsonl", ".csv", ".parquet"] as const;

/** Columns of an export for the conversion. */
export const EXPORT_TYPES: Readonly<Record<string, "VARCHAR" | "BIGINT">> = Object.fromEntries(
  EXPORT_COLUMNS.map((name) => [name, name === "sequence" || name === "hash_version" ? "BIGINT" : "VARCHAR"]),
);

export interface ExportSource {
  /** Lists the records after a sequence in the order of recording. Empty: there are no more. */
  readonly recordsAfter: (sequence: number) => Promise<readonly HashedRecord[]>;
  /** Returns the newest checkpoint. Called after the last record was read. */
  readonly newestCheckpoint: () => Promise<AuditCheckpoint | null>;
}

/** What an export has written. */
export interface ExportResult {
  readonly records: number;
  readonly head: AuditHead;
  /** Number of records among them that an interrupted export had written before. */
  readonly continued: number;
}

/** Returns the file in which an export is written until it is complete. */
export const partialOf = (target: string): string => `${target}.partial`;

/**
 * Writes the whole log to `target`. Until the export is complete, it is in a second file, as lines of JSON. An
 * interrupted export continues from that file.
 * @param convert Converts lines of JSON to the format of the target. Undefined: the target has lines of JSON.
 * @throws UsageError when the unfinished file is not from this log
 */
export async function exportLog(
  target: string,
  source: ExportSource,
  onProgress: (done: number, total: number) => void,
  convert?: (lines: string, target: string) => Promise<void>,
): Promise<ExportResult> {
  const partial = partialOf(target);
  const { head: from, records: continued } = await readPartial(partial);
  let [head, records] = [from, continued];
  const out = createWriteStream(partial, { flags: "a", mode: 0o600 });
  try {
    for (;;) {
      const page = await source.recordsAfter(head.sequence);
      const [first] = page;
      if (first === undefined) break;
      if (records > 0 && records === continued && first.previousHash !== head.hash)
        throw new UsageError(
          `record ${first.sequence} does not follow the last record of ${partial}: the file is of another log, or the log was rewritten since; remove the file to begin again`,
        );
      await writeText(out, page.map((record) => `${JSON.stringify(rowFromRecord(record))}\n`).join(""));
      records += page.length;
      const { sequence, hash } = page.at(-1) ?? first;
      head = { sequence, hash };
      onProgress(records, records + 1);
    }
    const checkpoint = await source.newestCheckpoint();
    // A checkpoint that was signed after the last record was read is not about this file.
    const own = checkpoint && checkpoint.sequence <= head.sequence ? checkpoint : null;
    await writeText(out, `${JSON.stringify(rowFromEnd({ records, head, checkpoint: own }))}\n`);
  } finally {
    out.end();
    await finished(out).catch(() => {});
  }
  onProgress(records, records);
  if (convert) {
    const draft = target.replace(/(\.[^.]*)$/, `.draft-${process.pid}$1`);
    try {
      await convert(partial, draft);
      await rename(draft, target);
      await rm(partial);
    } finally {
      await rm(draft, { force: true });
    }
  } else await rename(partial, target);
  return { records, head, continued };
}

/** Returns where an unfinished file ends. A half line, and the last row of one that was not renamed, are cut off. */
async function readPartial(file: string): Promise<{ readonly head: AuditHead; readonly records: number }> {
  let [head, records, bytes] = [EMPTY_CHAIN, 0, 0];
  if (!(await stat(file).catch(() => null))) return { head, records };
  for await (const { text, isWhole } of linesOf(file)) {
    const row = isWhole ? rowOf(text, records + 1) : null;
    if (row === null || isExportEnd(row)) break;
    head = { sequence: row.sequence, hash: row.hash };
    records++;
    bytes += Buffer.byteLength(text) + 1;
  }
  await truncate(file, bytes);
  return { head, records };
}

/** Returns the row of a line. Null: it is not one, for example after a power failure. */
function rowOf(line: string, at: number): ReturnType<typeof readExportRow> | null {
  try {
    return readExportRow(JSON.parse(line), at);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ExportFormError) return null;
    throw error;
  }
}

/** A payload has at most 64 KiB, which JSON can write as six times as much. */
const MAX_LINE = 1_000_000;

interface Line {
  readonly text: string;
  /** False: the file ends without a line end. */
  readonly isWhole: boolean;
}

/** Lines end with a line feed only: a payload may have the other characters that readline takes for a line end. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest = "";
  for await (const chunk of createReadStream(file, "utf8")) {
    const parts = (rest + String(chunk)).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > MAX_LINE)
      throw new ExportFormError(`${file} is not a JSONL export: a line has more than ${MAX_LINE} characters`);
    for (const text of parts) yield { text, isWhole: true };
  }
  if (rest !== "") yield { text: rest, isWhole: false };
}

/**
 * Reads the rows of an export as lines of JSON. @throws ExportFormError for a line that is not JSON, for example the
 * last line of a file whose end is missing
 */
export async function* readLines(file: string): AsyncGenerator<unknown> {
  let at = 0;
  for await (const { text } of linesOf(file)) {
    at++;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch {
      throw new ExportFormError(
        `line ${at} of the file is not whole: the file was cut off in it, or it is not a JSONL export; export it again`,
      );
    }
    yield row;
  }
}
