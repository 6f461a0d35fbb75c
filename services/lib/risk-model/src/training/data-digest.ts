import { createHash } from "node:crypto";
import type { FeatureTable } from "../tables/feature-table.ts";

/**
 * Returns the SHA-256 of a table, lower-case hex: every column by name, with its values, and the labels, in
 * the order of the rows. Tables with the same digest train the same model under the same configuration.
 */
export function dataDigest(table: FeatureTable): string {
  const hash = createHash("sha256");
  const part = (name: string, bytes: Uint8Array): void => {
    hash.update(`${Buffer.byteLength(name)}:${name}:${bytes.byteLength}:`).update(bytes);
  };
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const texts = (values: readonly (string | null)[]): Uint8Array => Buffer.from(JSON.stringify(values));
  const sorted = <Value>(columns: ReadonlyMap<string, Value>) => [...columns].sort(([a], [b]) => (a < b ? -1 : 1));
  part("rows", Buffer.from(String(table.rows)));
  part("supplier ids", texts(table.supplierIds));
  if (table.asOfDays !== null) part("as of", bytesOf(table.asOfDays as Int32Array<ArrayBuffer>));
  for (const [name, column] of sorted(table.numbers))
    part(`number ${name}`, bytesOf(column as Float64Array<ArrayBuffer>));
  for (const [name, column] of sorted(table.categories)) part(`category ${name}`, texts(column));
  if (table.texts !== null) part("texts", texts(table.texts));
  if (table.labels !== null) part("labels", bytesOf(table.labels as Uint8Array<ArrayBuffer>));
  return hash.digest("hex");
}
