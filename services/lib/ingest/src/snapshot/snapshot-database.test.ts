import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sqlText } from "../duckdb/quote-sql.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { compareIds } from "./compare-ids.ts";
import { readChunks } from "./snapshot-chunks.ts";
import { SnapshotDatabase } from "./snapshot-database.ts";
import { readSample } from "./snapshot-sample.ts";

let root = "";
let inside = "";
let outside = "";
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-snapshots-"));
  const connection = await (await DuckDBInstance.create()).connect();
  const write = async (file: string): Promise<string> => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await connection.run(
      `copy (select 'S' || i as supplier_id, null::date as as_of, i::double as "number.delay", null::double as "attribute.exposure",
        null::varchar as "attribute.display_name", null::varchar as "attribute.region", null::varchar as "attribute.category",
        null::varchar as "attribute.owner" from range(10) t(i)) to ${sqlText(path.join(root, file))} (format parquet)`,
    );
    return path.join(root, file);
  };
  inside = await write("weeks/2026-W10/week.parquet");
  outside = await write("week.parquet");
  connection.closeSync();
});
afterAll(() => rm(root, { recursive: true, force: true }));

const weeks = () => path.join(root, "weeks");

test("snapshots are read at the same time, by one database", async () => {
  await using database = new SnapshotDatabase(DEFAULT_LIMITS, weeks());
  const [compared, again, sample, chunks] = await Promise.all([
    compareIds(database, inside, inside),
    compareIds(database, inside, inside),
    readSample(inside, 100, { database }),
    Array.fromAsync(readChunks(inside, { rows: 4, database })),
  ]);
  expect(compared).toMatchObject({ suppliers: 10, shared: 10 });
  expect(again).toEqual(compared);
  expect(sample.numbers.get("delay")).toEqual(Float64Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(chunks.map(({ rows }) => rows)).toEqual([4, 4, 2]);
});

test("a reader that stops half-way leaves the database to the others", async () => {
  await using database = new SnapshotDatabase(DEFAULT_LIMITS, weeks());
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(readSample(inside, 100, { database, signal: stopped })).rejects.toThrow("stopped");
  for await (const chunk of readChunks(inside, { rows: 4, database })) if (chunk.index === 0) break;
  expect((await readSample(inside, 100, { database })).snapshotRows).toBe(10);
});

test("a file outside of the folder cannot be read", async () => {
  await using database = new SnapshotDatabase(DEFAULT_LIMITS, weeks());
  await expect(readSample(outside, 100, { database })).rejects.toThrow(/disabled by configuration/);
});

test("the folder for buffers is removed with the database", async () => {
  const folder = path.join(root, "buffers");
  const database = new SnapshotDatabase({ ...DEFAULT_LIMITS, folder }, weeks());
  await readSample(inside, 100, { database });
  expect(await readdir(folder)).toHaveLength(1);
  await database[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
});

test("a database without a reader is disposed of; one of a folder that does not exist is an error", async () => {
  await new SnapshotDatabase(DEFAULT_LIMITS, weeks())[Symbol.asyncDispose]();
  const database = new SnapshotDatabase(DEFAULT_LIMITS, path.join(root, "other"));
  await expect(readSample(inside, 100, { database })).rejects.toThrow("ENOENT");
  await database[Symbol.asyncDispose]();
});
