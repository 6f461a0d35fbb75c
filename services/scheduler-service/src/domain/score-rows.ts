import { bandFromNumber, NO_BAND } from "@bellwether/contract/band-codes";
import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";

/** First line of the report's table. */
export const SCORE_HEADER = "supplier_id,name,region,category,exposure,risk_score,band,missing_features,fault\n";

/**
 * Returns the lines of the report's table, one per supplier. A text that a spreadsheet would run as a formula
 * is prefixed with an apostrophe.
 */
export function scoreRows(chunk: SnapshotChunk, scores: PredictBatchResponse): string {
  const risk = riskScores(scores);
  const missing = new DataView(
    scores.missingCounts.buffer,
    scores.missingCounts.byteOffset,
    scores.missingCounts.byteLength,
  );
  const violations = new Map(
    scores.violations.map((violation) => [violation.row, `${violation.reason} ${violation.field}`]),
  );
  const { displayName, region, category, exposure } = chunk.attributes;
  let lines = "";
  for (let row = 0; row < chunk.rows; row++) {
    const violation = violations.get(row);
    const texts = `${csvText(chunk.supplierIds[row])},${csvText(displayName[row])},${csvText(region[row])},${csvText(category[row])}`;
    const score = `${csvNumber(exposure[row])},${csvNumber(risk[row])},${bandText(scores.bands[row])}`;
    lines += `${texts},${score},${violation === undefined ? missing.getUint16(row * 2, true) : ""},${csvText(violation)}\n`;
  }
  return lines;
}

/** Returns the calibrated score of each row; NaN = none. */
export function riskScores({ riskScores: bytes }: Pick<PredictBatchResponse, "riskScores">): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.byteLength >>> 3 }, (_, row) => view.getFloat64(row * 8, true));
}

const csvNumber = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "" : String(value);

const bandText = (band: number | undefined): string => bandFromNumber(band ?? NO_BAND) ?? "";

/** Returns a text as a cell of the report's table. */
export function csvText(text: string | null | undefined): string {
  if (!text || !/^[=+\-@\t\r]|[",\r\n]/.test(text)) return text ?? "";
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Column of the score in the lines of `scoreRows`. */
const SCORE_COLUMN = SCORE_HEADER.split(",").indexOf("risk_score");

/** Returns the scores of the lines that `scoreRows` made; NaN = none. */
export function scoresOf(lines: string): Float64Array {
  const scores: number[] = [];
  let [column, start, isQuoted] = [0, 0, false];
  for (let i = 0; i < lines.length; i++) {
    const code = lines.charCodeAt(i);
    if (code === QUOTE) isQuoted = !isQuoted;
    if (isQuoted || (code !== COMMA && code !== LINE_BREAK)) continue;
    if (column === SCORE_COLUMN) scores.push(i === start ? Number.NaN : Number(lines.slice(start, i)));
    column = code === COMMA ? column + 1 : 0;
    start = i + 1;
  }
  return Float64Array.from(scores);
}

const [QUOTE, COMMA, LINE_BREAK] = [0x22, 0x2c, 0x0a];
