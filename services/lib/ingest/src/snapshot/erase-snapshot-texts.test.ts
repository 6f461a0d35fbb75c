import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileDigest } from "../files/file-digest.ts";
import { eraseSnapshotTexts } from "./erase-snapshot-texts.ts";
import { readChunks } from "./snapshot-chunks.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-erase-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function snapshot(rows: number): Promise<string> {
  const file = path.join(folder, "snapshot.parquet");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select 'S' || i as supplier_id, date '2026-11-22' as as_of, 'Name ''' || i as "attribute.display_name",
       'EU' as "attribute.region", null::varchar as "attribute.category", i::double as "attribute.exposure", 'ana' as "attribute.owner",
       i::double as "number.delay", 'penalty of S' || i as "text.contract", 'r' || (i % 3) as "category.region"
     from range(0, ${rows}) t(i)) to '${file}' (format parquet)`,
  );
  connection.closeSync();
  return file;
}

async function rowsOf(file: string) {
  const rows = [];
  for await (const { supplierIds, texts, numbers, attributes } of readChunks(file, { rows: 1_000 }))
    for (const [i, id] of supplierIds.entries())
      rows.push({
        ...{ id, text: texts?.[i], delay: numbers.get("delay")?.[i] },
        ...{ name: attributes.displayName[i], owner: attributes.owner[i], exposure: attributes.exposure[i] },
      });
  return rows;
}

test("name and contract text of one supplier are erased; its other values, all other rows and their order stay", async () => {
  const parquet = await snapshot(5_000);
  const before = await rowsOf(parquet);
  const out = path.join(folder, "out.parquet");
  const erased = await eraseSnapshotTexts({ parquet, out, supplierId: "S7" });
  expect(erased).toEqual({ rows: 1, names: ["Name '7"], digest: await fileDigest(out) });
  const expected = before.map((row) => (row.id === "S7" ? { ...row, name: null, text: "" } : row));
  expect(await rowsOf(out)).toEqual(expected);
  // Nothing is left to erase in the copy.
  expect(await eraseSnapshotTexts({ parquet: out, out: path.join(folder, "again"), supplierId: "S7" })).toBeNull();
});

test.each(["nobody", "S", "' or true or '", ""])("without the supplier %j, no file is written", async (supplierId) => {
  const parquet = await snapshot(10);
  expect(await eraseSnapshotTexts({ parquet, out: path.join(folder, "out.parquet"), supplierId })).toBeNull();
  expect(await readdir(folder)).toEqual(["snapshot.parquet"]);
});

test("a file that is not a snapshot, and an aborted erasure, leave no copy", async () => {
  const other = path.join(folder, "other.parquet");
  await writeFile(other, "PAR1 no parquet PAR1");
  const out = path.join(folder, "out.parquet");
  await expect(eraseSnapshotTexts({ parquet: other, out, supplierId: "S1" })).rejects.toThrow();
  const parquet = await snapshot(10);
  await expect(
    eraseSnapshotTexts({ parquet, out, supplierId: "S1", signal: AbortSignal.abort(new Error("stopped")) }),
  ).rejects.toThrow("stopped");
  expect((await readdir(folder)).sort()).toEqual(["other.parquet", "snapshot.parquet"]);
});
