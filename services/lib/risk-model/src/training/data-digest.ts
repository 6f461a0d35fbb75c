import { createHash } from "node:crypto";
import type { FeatureTable } from "../tables/feature-table.ts";

/**
 * Returns the SHA-256 of a table, lower-case hex: every column by name, with its values, and the labels, in
 * the order of the rows. Tables with the same digest train the same model under the same configuration.
 */
export function dataDigest(table: FeatureTable): string {
  const hash = createHash("sha256");
  const head = (name: string, byteLength: number): void => {
    hash.update(`${Buffer.byteLength(name)}:${name}:${byteLength}:`);
  };
  const part = (name: string, bytes: Uint8Array): void => {
    head(name, bytes.byteLength);
    hash.update(bytes);
  };
  const textPart = (name: string, values: readonly (string | null)[]): void => {
    let byteLength = 0;
    for (const json of jsonParts(values)) byteLength += Buffer.byteLength(json);
    head(name, byteLength);
    for (const json of jsonParts(values)) hash.update(json);
  };
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const sorted = <Value>(columns: ReadonlyMap<string, Value>) => [...columns].sort(([a], [b]) => (a < b ? -1 : 1));
  part("rows", Buffer.from(String(table.rows)));
  textPart("supplier ids", table.supplierIds);
  if (table.asOfDays !== null) part("as of", bytesOf(table.asOfDays as Int32Array<ArrayBuffer>));
  for (const [name, column] of sorted(table.numbers))
    part(`number ${name}`, bytesOf(column as Float64Array<ArrayBuffer>));
  for (const [name, column] of sorted(table.categories)) textPart(`category ${name}`, column);
  if (table.texts !== null) textPart("texts", table.texts);
  if (table.labels !== null) part("labels", bytesOf(table.labels as Uint8Array<ArrayBuffer>));
  return hash.digest("hex");
}

/** Number of values whose JSON is in memory at a time. */
const JSON_VALUES = 4_096;

/** Yields the JSON of a list in parts: contract texts of many rows are as large as all other columns. */
function* jsonParts(values: readonly (string | null)[]): Generator<string> {
  yield "[";
  for (let from = 0; from < values.length; from += JSON_VALUES) {
    const json = JSON.stringify(values.slice(from, from + JSON_VALUES));
    yield `${from === 0 ? "" : ","}${json.slice(1, -1)}`;
  }
  yield "]";
}
