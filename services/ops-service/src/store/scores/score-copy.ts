/** One row of the score table. */
export interface ScoreRow {
  readonly run: number;
  readonly supplier: number;
  /** Risk score. NaN: no score. */
  readonly p: number;
  /** Change of the score since the previous run. NaN: no earlier score. */
  readonly delta: number;
  readonly band: number;
  readonly impact: number;
  readonly chunk: number;
  readonly pos: number;
  readonly region: number | null;
  readonly category: number | null;
  /** Exposure in the currency of the run's formula. Null: not known. */
  readonly exposure: number | null;
  /** Number of features with a value. Null: not recorded. */
  readonly present: number | null;
  /** Position of the supplier's score in the chunks of the previous run. Null: there is none. */
  readonly previous: { readonly chunk: number; readonly pos: number } | null;
}

/** Columns of the score table, in the order of a copied row. */
export const SCORE_COPY_COLUMNS =
  "run, supplier, p, delta, band, impact, chunk, pos, region, category, exposure, present, previous_chunk, previous_pos, top";

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const FIELDS = 15;
/** Number of largest contributions that are stored with a score, for lists. */
export const TOP_CONTRIBUTIONS = 8;
/** Size of one stored contribution: a uint16 column and a float32 value, little-endian. */
const TOP_BYTES = 6;
/** Maximum size of a row: field count, fifteen lengths, and the values at their maximum size. */
const MAX_ROW_BYTES =
  2 + FIELDS * 4 + 4 + 4 + 8 + 4 + 2 + 8 + 2 + 2 + 4 + 4 + 8 + 2 + 2 + 2 + TOP_CONTRIBUTIONS * TOP_BYTES;

/** Rows in PostgreSQL's binary COPY format, with the columns of SCORE_COPY_COLUMNS. */
export interface ScoreCopy {
  /** `phi` from `first` on: the contributions of the row, in the order of the `columns` columns. */
  add(row: ScoreRow, phi: Float32Array, first: number, columns: number): void;
  /** Returns all rows. No row can be added afterwards. */
  finish(): Buffer;
}

/** Encodes at most `maxRows` rows into one buffer. */
export function createScoreCopy(maxRows: number): ScoreCopy {
  const buffer = Buffer.allocUnsafe(SIGNATURE.length + maxRows * MAX_ROW_BYTES + 2);
  const top = new Int32Array(TOP_CONTRIBUTIONS);
  let at = SIGNATURE.copy(buffer);
  const int2 = (value: number | null): void => {
    at = buffer.writeInt32BE(value === null ? -1 : 2, at);
    if (value !== null) at = buffer.writeInt16BE(value, at);
  };
  const int4 = (value: number | null): void => {
    at = buffer.writeInt32BE(value === null ? -1 : 4, at);
    if (value !== null) at = buffer.writeInt32BE(value, at);
  };
  const float8 = (value: number): void => {
    at = buffer.writeInt32BE(Number.isNaN(value) ? -1 : 8, at);
    if (!Number.isNaN(value)) at = buffer.writeDoubleBE(value, at);
  };
  const float4 = (value: number): void => {
    at = buffer.writeInt32BE(Number.isNaN(value) ? -1 : 4, at);
    if (!Number.isNaN(value)) at = buffer.writeFloatBE(value, at);
  };
  return {
    add(row, phi, first, columns) {
      at = buffer.writeInt16BE(FIELDS, at);
      int4(row.run);
      int4(row.supplier);
      float8(row.p);
      float4(row.delta);
      int2(row.band);
      float8(row.impact);
      int2(row.chunk);
      int2(row.pos);
      int4(row.region);
      int4(row.category);
      float8(row.exposure ?? Number.NaN);
      int2(row.present);
      int2(row.previous?.chunk ?? null);
      int2(row.previous?.pos ?? null);
      const count = findLargest(phi, first, columns, top);
      at = buffer.writeInt32BE(count * TOP_BYTES, at);
      for (let place = 0; place < count; place++) {
        const column = top[place] ?? 0;
        at = buffer.writeUInt16LE(column, at);
        at = buffer.writeFloatLE(phi[first + column] ?? 0, at);
      }
    },
    finish() {
      at = buffer.writeInt16BE(-1, at);
      return buffer.subarray(0, at);
    },
  };
}

/**
 * Writes the columns with the largest contributions by magnitude into `top`, largest first, and returns their number. It
 * is called for each supplier, so it creates no objects.
 */
function findLargest(phi: Float32Array, first: number, columns: number, top: Int32Array): number {
  let count = 0;
  for (let column = 0; column < columns; column++) {
    const magnitude = Math.abs(phi[first + column] ?? 0);
    if (count === TOP_CONTRIBUTIONS && magnitude <= Math.abs(phi[first + (top[count - 1] ?? 0)] ?? 0)) continue;
    let place = count < TOP_CONTRIBUTIONS ? count++ : TOP_CONTRIBUTIONS - 1;
    for (; place > 0 && Math.abs(phi[first + (top[place - 1] ?? 0)] ?? 0) < magnitude; place--)
      top[place] = top[place - 1] ?? 0;
    top[place] = column;
  }
  return count;
}

/** Decodes the `top` bytes of a row into columns and contributions. */
export function topFromBytes(bytes: Uint8Array): { readonly column: number; readonly contribution: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / TOP_BYTES) }, (_, i) => ({
    column: view.getUint16(i * TOP_BYTES, true),
    contribution: view.getFloat32(i * TOP_BYTES + 2, true),
  }));
}
