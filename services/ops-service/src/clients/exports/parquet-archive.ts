import { createReadStream } from "node:fs";
import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { DuckDBInstance } from "@duckdb/node-api";
import type { ArchiveFile } from "../../domain/exports/archive-hour.ts";

/** Memory of the conversion; what does not fit goes to the folder. */
const MEMORY = "128MiB";
/** Types of the columns, by name. `data` is JSON text. */
const COLUMNS =
  "{id: 'VARCHAR', source: 'VARCHAR', type: 'VARCHAR', subject: 'VARCHAR', time: 'VARCHAR', sequence: 'BIGINT', data: 'VARCHAR'}";

/**
 * Begins a file. Events are collected as lines of JSON in a folder below `scratch`, and converted outside the event loop.
 * This file loads DuckDB: import it when it is needed.
 */
export async function openArchiveFile(store: ObjectStore, scratch: string): Promise<ArchiveFile> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(scratch, "hour-"));
  const [lines, parquet] = [path.join(folder, "events.jsonl"), path.join(folder, "events.parquet")];
  return {
    async add(events) {
      const text = events.map(({ dataJson: data, subject, ...event }) =>
        JSON.stringify({ ...event, subject: subject || null, data }),
      );
      await appendFile(lines, `${text.join("\n")}\n`, { mode: 0o600 });
    },
    async store(key, signal) {
      await convert(lines, parquet, folder);
      signal.throwIfAborted();
      await store.put(key, createReadStream(parquet), { signal, contentType: "application/vnd.apache.parquet" });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function convert(lines: string, parquet: string, folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", {
    ...{ threads: "1", memory_limit: MEMORY, temp_directory: path.join(folder, "spill") },
    ...{ autoinstall_known_extensions: "false", autoload_known_extensions: "false" },
  });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    // In the order of the lines, so that two conversions of the same events are equal.
    await connection.run(`
      copy (
        select id, source, type, subject, time::timestamptz as time, sequence, data
        from read_json(${text(lines)}, format = 'newline_delimited', columns = ${COLUMNS}, maximum_object_size = 16777216)
      ) to ${text(parquet)} (format parquet, compression zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
