import { access, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fileDigest } from "@bellwether/ingest/files/file-digest";
import type { IngestRecord } from "../domain/ingest-record.ts";
import type { RunSummary } from "../domain/run-summary.ts";
import { scoresOf } from "../domain/score-rows.ts";
import type { DriftRecord } from "../domain/week-drift.ts";
import type { ChunkName, WeekFiles } from "../domain/weekly-ports.ts";
import { writeWhole } from "./atomic-file.ts";

/** A file of scores. Those of earlier releases have no chunk size; they are not read, only removed. */
const SCORES = /^scores-(?:(?<chunkRows>\d+)-)?(?<index>\d{5})\.csv$/;
const WEEK = /^\d{4}-W\d{2}$/;
const scoresFile = ({ index, chunkRows }: ChunkName): string =>
  `scores-${chunkRows}-${String(index).padStart(5, "0")}.csv`;

/** Returns the folder of an ISO week below `root/model`. It is created with its first file. */
export function openWeekFolder(root: string, modelName: string, week: string): WeekFiles {
  const weeks = path.join(root, modelName);
  const folder = path.join(weeks, week);
  const at = (name: string): string => path.join(folder, name);
  const snapshotPath = at("snapshot.parquet");
  const reportedRun = async (): Promise<number | null> =>
    (await readJson<Partial<RunSummary>>(at("report.json")))?.run_id ?? null;

  return {
    snapshotPath,
    async readIngest() {
      const record = await readJson<IngestRecord>(at("ingest.json"));
      if (record === null) return null;
      const digest = await digestOf(snapshotPath);
      if (digest !== record.digest && (digest === null || digest !== record.erasedDigest)) return null;
      // These fields are absent in records of older releases.
      return {
        ...record,
        sourceDigest: record.sourceDigest ?? "",
        rejected: { ...record.rejected, repeated: record.rejected.repeated ?? 0 },
      };
    },
    writeIngest: (record) => writeWhole(at("ingest.json"), [`${JSON.stringify(record, null, 2)}\n`]),
    async scoredChunks(chunkRows) {
      const stored = (await namesIn(folder)).map((name) => SCORES.exec(name)?.groups);
      return new Set(stored.flatMap((file) => (file?.chunkRows === String(chunkRows) ? Number(file.index) : [])));
    },
    writeScores: (chunk, csvRows) => writeWhole(at(scoresFile(chunk)), [csvRows]),
    readScores: async (chunk) => scoresOf(await readFile(at(scoresFile(chunk)), "utf8")),
    async earlierWeeks() {
      const earlier = (await namesIn(weeks)).filter((name) => WEEK.test(name) && name < week).sort();
      const found = [];
      for (const name of earlier.reverse()) {
        const other = path.join(weeks, name);
        if (!(await isThere(path.join(other, "report.json")))) continue;
        const snapshot = path.join(other, "snapshot.parquet");
        found.push({
          week: name,
          snapshotPath: snapshot,
          hasSnapshot: () => isThere(snapshot),
          snapshotDigest: async () => (await readJson<IngestRecord>(path.join(other, "ingest.json")))?.digest ?? null,
          readDrift: () => readJson<DriftRecord>(path.join(other, "drift.json")),
        });
      }
      return found;
    },
    async drop() {
      const left = (await namesIn(folder)).filter((name) => SCORES.test(name));
      for (const name of ["ingest.json", ...left]) await rm(at(name), { force: true });
    },
    readDrift: () => readJson<DriftRecord>(at("drift.json")),
    writeDrift: (record) => writeWhole(at("drift.json"), [`${JSON.stringify(record)}\n`]),
    reportedRun,
    async writeReport(summary, csvHeader, { count, chunkRows }) {
      const files = Array.from({ length: count }, (_, index) => scoresFile({ index, chunkRows }));
      const stored = await namesIn(folder);
      const isWhole = new Set(files).isSubsetOf(new Set(stored));
      const before = await reportedRun();
      if (isWhole) await writeWhole(at("report.csv"), joined(csvHeader, files.map(at)));
      else if (before !== null && before !== summary.run_id) await rm(at("report.csv"), { force: true });
      await writeWhole(at("report.json"), [`${JSON.stringify(summary, null, 2)}\n`]);
      if (isWhole) for (const file of stored.filter((name) => SCORES.test(name))) await rm(at(file), { force: true });
    },
  };
}

async function* joined(header: string, files: readonly string[]): AsyncGenerator<string> {
  yield header;
  for (const file of files) yield await readFile(file, "utf8");
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Returns the names of the entries of a folder; none when it does not exist. */
const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });

/** Reads a JSON file that this program wrote. Null when it does not exist. */
async function readJson<T>(file: string): Promise<T | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as T);
}

/** Returns the SHA-256 of a file, lower-case hex. Null when it does not exist. */
async function digestOf(file: string): Promise<string | null> {
  if (!(await isThere(file))) return null;
  return fileDigest(file);
}
