import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileDigest } from "@bellwether/ingest/files/file-digest";
import { InputNotFoundError } from "../domain/scheduler-error.ts";
import type { InputMarker, SeenInput } from "../domain/seen-input.ts";
import { diskErrorOf } from "./disk-error.ts";

export interface InputLookOptions {
  /** Folder of the weekly files. */
  readonly inputFolder: string;
  readonly marker: InputMarker;
  /** Finds an input below the folder. @throws InputNotFoundError, DiskError */
  readonly find: (input: string) => Promise<string>;
}

/** Maximum number of files in an input that is a folder. */
const MAX_FILES = 20_000;
/** File that Spark and Hadoop write into a folder when all its files are written. */
const FOLDER_MARKER = "_SUCCESS";
const MAX_CHECKSUM_BYTES = 4 * 2 ** 20;

/** Returns a function that looks at an input without waiting. Problems of the disk are part of its answer. */
export function createInputLook({ inputFolder, marker, find }: InputLookOptions) {
  // The checksum of an unchanged input is computed once.
  let checked = { key: "", reason: "" };

  /** Returns why the marker does not say that the input is whole; "" when it does. */
  const missingMarker = async (file: string, { fingerprint, newestMs, isFolder }: Contents): Promise<string> => {
    if (marker === "done") {
      const places = [`${file}.done`, ...(isFolder ? [path.join(file, FOLDER_MARKER)] : [])];
      const times = await Promise.all(places.map(modifiedMs));
      if (times.some((time) => time !== null && time >= newestMs)) return "";
      const shown = places.map((place) => path.basename(place)).join(" or ");
      return times.every((time) => time === null)
        ? `${path.basename(file)} is there, but ${shown} is not`
        : `${shown} is older than ${path.basename(file)}`;
    }
    const list = `${file}.sha256`;
    const time = await modifiedMs(list);
    if (time === null) return `${path.basename(file)} is there, but ${path.basename(list)} is not`;
    const key = `${file} ${fingerprint} ${time}`;
    if (checked.key !== key) checked = { key, reason: await checksumProblem(file, list, isFolder) };
    return checked.reason;
  };

  return async (input: string): Promise<SeenInput> => {
    try {
      const file = await find(input);
      const contents = await contentsOf(file);
      const reason = marker === "none" ? null : await missingMarker(file, contents);
      const marked = reason === null ? null : { isWhole: reason === "", reason };
      const newest = contents.newestFile === "" ? {} : { newestFile: contents.newestFile };
      return { found: true, file, fingerprint: contents.fingerprint, changedMs: contents.newestMs, ...newest, marked };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const disk = diskErrorOf(error, inputFolder);
      if (disk === null && !(error instanceof InputNotFoundError) && !isMissing(error)) throw error;
      const isAway = disk !== null || (await modifiedMs(inputFolder)) === null;
      const reason =
        disk?.message ?? (isAway ? `the input folder ${inputFolder} does not exist` : `${input} does not exist`);
      return { found: false, reason, isAway };
    }
  };
}

interface Contents {
  readonly fingerprint: string;
  /** Latest time of change of a file, milliseconds since 1970. */
  readonly newestMs: number;
  /** The file of a folder with this time, below the folder; "" for a file and for an empty folder. */
  readonly newestFile: string;
  readonly isFolder: boolean;
}

async function contentsOf(file: string): Promise<Contents> {
  const top = await stat(file);
  const isFolder = top.isDirectory();
  const names = isFolder ? await filesIn(file) : [""];
  const hash = createHash("sha256");
  let newestMs = 0;
  let newestFile = "";
  for (const name of names) {
    const found = name === "" ? top : await stat(path.join(file, name)).catch(nullIfMissing);
    // A link that leads nowhere, or a file that went since it was listed.
    hash.update(found === null ? `${name}\0\n` : `${name}\0${found.size}\0${found.mtimeMs}\0${found.ino}\n`);
    if (found === null || found.mtimeMs <= newestMs) continue;
    [newestMs, newestFile] = [found.mtimeMs, name];
  }
  return { fingerprint: hash.digest("hex"), newestMs, newestFile, isFolder };
}

/** Returns the paths of the files in a folder and the folders below it, sorted, without markers. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && entry.name !== FOLDER_MARKER)
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  if (files.length > MAX_FILES)
    throw new Error(`${folder} has ${files.length} files, at most ${MAX_FILES} are looked at`);
  return files.sort();
}

/**
 * Compares an input with the output of `sha256sum` beside it: of the file itself, or of all files of a folder.
 * Returns what differs; "" when nothing does.
 */
async function checksumProblem(file: string, list: string, isFolder: boolean): Promise<string> {
  const shown = path.basename(list);
  if ((await stat(list)).size > MAX_CHECKSUM_BYTES) return `${shown} is larger than ${MAX_CHECKSUM_BYTES} bytes`;
  const lines = (await readFile(list, "utf8")).split("\n").filter((line) => line.trim() !== "");
  const sums = lines.map((line) => /^([0-9a-fA-F]{64})(?:\s+\*?(.+?))?\s*$/.exec(line));
  if (sums.length === 0 || sums.includes(null)) return `${shown} is not a list of SHA-256 sums as sha256sum prints it`;
  const expected = new Map(sums.map((sum) => [path.normalize(sum?.[2] ?? ""), (sum?.[1] ?? "").toLowerCase()]));
  if (!isFolder) {
    const [sum] = expected.size === 1 ? expected.values() : [expected.get(path.basename(file))];
    if (sum === undefined) return `${shown} has no sum of ${path.basename(file)}`;
    return (await fileDigest(file)) === sum ? "" : `the SHA-256 of ${path.basename(file)} is not that of ${shown}`;
  }
  for (const name of await filesIn(file)) {
    const sum = expected.get(name);
    if (sum === undefined) return `${shown} has no sum of ${name}`;
    if ((await fileDigest(path.join(file, name))) !== sum) return `the SHA-256 of ${name} is not that of ${shown}`;
    expected.delete(name);
  }
  const [missing] = expected.keys();
  return missing === undefined ? "" : `${missing} of ${shown} does not exist`;
}

/** Returns the time of change of a file, milliseconds since 1970. Null when it does not exist. */
const modifiedMs = async (file: string): Promise<number | null> =>
  (await stat(file).catch(nullIfMissing))?.mtimeMs ?? null;

/** Error codes of a path that leads to no file. */
const MISSING: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && MISSING.has(error.code);

function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
