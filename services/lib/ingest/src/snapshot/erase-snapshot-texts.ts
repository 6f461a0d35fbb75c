import { open, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { fileDigest } from "../files/file-digest.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { ROW_GROUP } from "./weekly-snapshot.ts";

/** A snapshot, and the supplier whose texts are erased in its copy. */
export interface SnapshotErasure {
  readonly parquet: string;
  /** Path of the new file, in an existing folder. */
  readonly out: string;
  readonly supplierId: string;
  readonly signal?: AbortSignal;
}

/** A copy of a snapshot without the texts about a supplier. */
export interface ErasedSnapshot {
  /** Number of rows that had texts. */
  readonly rows: number;
  /** The names that were erased. */
  readonly names: readonly string[];
  /** SHA-256 of the copy, lower-case hex. */
  readonly digest: string;
}

const NAME = "attribute.display_name";

/**
 * Writes a copy of a snapshot without the name and contract text of a supplier. Rows, their order and all other values stay, so that
 * chunks and samples are the same. Null, and no file: the snapshot has no such text. @throws Error when the file is not a snapshot
 */
export async function eraseSnapshotTexts(erasure: SnapshotErasure): Promise<ErasedSnapshot | null> {
  const { supplierId, signal } = erasure;
  const parquet = await realpath(erasure.parquet);
  const out = path.join(await realpath(path.dirname(erasure.out)), path.basename(erasure.out));
  await using workspace = await Workspace.open({ limits: { ...DEFAULT_LIMITS, threads: 1 }, signal });
  await workspace.lock({ files: [parquet, out] });
  const from = `read_parquet(${sqlText(parquet)})`;
  const stored = (await workspace.rows(`describe select * from ${from}`)).map(([name]) => String(name));
  if (!stored.includes("supplier_id")) throw new Error(`${parquet} is not a snapshot of a weekly run`);
  const isAbout = `supplier_id = ${sqlText(supplierId)}`;
  const columns = stored.filter((name) => name === NAME || name.startsWith("text.")).map(sqlName);
  if (columns.length === 0) return null;
  const hasText = columns.map((column) => `coalesce(${column}, '') <> ''`).join(" or ");
  const name = stored.includes(NAME) ? sqlName(NAME) : "''";
  const found = await workspace.rows(`select ${name} from ${from} where ${isAbout} and (${hasText})`);
  if (found.length === 0) return null;
  const erased = columns.map((column) => `case when ${isAbout} then null else ${column} end as ${column}`);
  try {
    await workspace.run(
      `copy (select * replace (${erased.join(", ")}) from ${from})
       to ${sqlText(out)} (format parquet, compression snappy, row_group_size ${ROW_GROUP})`,
    );
    await using file = await open(out, "r+");
    await file.sync();
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
  const names = found.flatMap(([name]) => (typeof name === "string" && name !== "" ? [name] : []));
  return { rows: found.length, names, digest: await fileDigest(out, signal) };
}
