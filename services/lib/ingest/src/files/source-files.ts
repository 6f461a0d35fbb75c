import { opendir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { SourceError } from "../ingest-errors.ts";
import { pathPattern, pathValues, stepsOf } from "./path-values.ts";

/** A raw file: the name that reports show, and the path from which it is read. */
export interface SourceFile {
  readonly name: string;
  /** Absolute path after symbolic links are resolved. */
  readonly path: string;
  /**
   * Values of columns that the file's path has, by the column's name in a header: partitions (`week=2026-W47`) and
   * the parts `{week}` of the mapping's pattern. Null: the partition of rows without the value.
   */
  readonly pathValues: ReadonlyMap<string, string | null>;
}

/** The files of a source, sorted by name, and the names of files that were found and are not data. */
export interface SourceFiles {
  readonly files: readonly SourceFile[];
  readonly ignored: readonly string[];
}

/** Files and folders of which a search for files looks at most at this number. */
const MAX_ENTRIES = 100_000;
/** Folders below the folder that the mapping names. */
const MAX_DEPTH = 16;

/**
 * Files that writers leave beside their data: `_SUCCESS`, hidden files, checksums, and marks that a file is
 * complete.
 */
const MARKER = /^[._]|\.(?:done|ok|ready|success|complete|sha\d+(?:sum)?|md5(?:sum)?|crc)$/i;

/**
 * Finds the files of a source below `dataDir`, sorted by name. `*`, `?` and `{name}` match within one part of the
 * path. Of a folder, all files below it are taken. Marker files are ignored, unless the mapping names them.
 * @throws SourceError when no file matches, too many match, or one is outside `dataDir` (also through symbolic links) or is
 * not a regular file.
 */
export async function findFiles(source: SourceMapping, dataDir: string, maxFiles: number): Promise<SourceFiles> {
  const root = await realpath(dataDir).catch((error: unknown) => {
    throw isMissing(error)
      ? new SourceError(source.name, dataDir, "the data folder does not exist; correct its path")
      : error;
  });
  const search = new Search(source, root);
  const parts = source.file.split("/");
  await search.expand("", parts);
  const given = resolve(dataDir);
  const depth = stepsOf(given).length;
  if (search.found.length > 0) return search.files(maxFiles, given, depth);
  if (await isFolderNamed(source, given, search)) return search.files(maxFiles, given, depth - parts.length);
  const isPattern = parts.some((part) => IS_PATTERN.test(part));
  throw new SourceError(source.name, source.file, noFile(isPattern, search.ignored));
}

/** Like `findFiles`, without the names of the ignored files. @throws SourceError */
export async function sourceFiles(
  source: SourceMapping,
  dataDir: string,
  maxFiles: number,
): Promise<readonly SourceFile[]> {
  return (await findFiles(source, dataDir, maxFiles)).files;
}

/**
 * Returns the file that a caller passes as the input of `source`, in any folder. @throws SourceError when it is not
 * a regular file, or its name lacks a part that the mapping's pattern reads as a column.
 */
export async function callersFile(source: SourceMapping, path: string): Promise<SourceFile> {
  const file = await regularFile(source.name, path, basename(path));
  const absolute = resolve(path);
  const from = stepsOf(absolute).length - source.file.split("/").length;
  return { ...file, pathValues: pathValues(source, absolute, from, file.name) };
}

const IS_PATTERN = /[*?{]/;

function noFile(isPattern: boolean, ignored: readonly string[]): string {
  const others =
    ignored.length === 0
      ? ""
      : `; ${ignored.length === 1 ? "one file is" : `${ignored.length} files are`} not data and ignored, for example ${ignored[0]}`;
  if (isPattern) return `no file of the data folder matches${others}`;
  if (ignored.length > 0) return `the folder has no data files${others}`;
  return "the file does not exist; put it there, or correct its name";
}

/**
 * Takes all files of the data folder when it is itself the folder that the mapping names: a folder of Spark that is
 * passed as the input. Returns false when it is not, or has no data files.
 */
async function isFolderNamed(source: SourceMapping, given: string, search: Search): Promise<boolean> {
  const own = source.file.split("/").at(-1) ?? "";
  if (!pathPattern(own).test(basename(given))) return false;
  await search.walk("", 0);
  return search.found.length > 0;
}

/** Looks for the files of a pattern below a folder. */
class Search {
  readonly #source: SourceMapping;
  readonly #root: string;
  readonly found: string[] = [];
  readonly ignored: string[] = [];
  #entries = 0;

  constructor(source: SourceMapping, root: string) {
    this.#source = source;
    this.#root = root;
  }

  /** Finds the files below `folder` that match the rest of a pattern. */
  async expand(folder: string, [part = "", ...rest]: readonly string[]): Promise<void> {
    const names = IS_PATTERN.test(part) ? await this.#matching(folder, part) : [part];
    for (const name of names) {
      const path = join(folder, name);
      const isFolder = await this.#isFolder(path);
      if (isFolder === null) continue;
      if (rest.length > 0) {
        if (isFolder) await this.expand(path, rest);
        else if (!IS_PATTERN.test(part))
          throw new SourceError(this.#source.name, this.#source.file, `${path} is not a folder`);
      } else if (isFolder) await this.walk(path, 0);
      else this.found.push(path);
    }
  }

  /** Finds all files below `folder` that are data. */
  async walk(folder: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) this.#reject(`more than ${MAX_DEPTH} folders in one another`);
    for (const name of await this.#names(folder)) {
      const path = join(folder, name);
      if (MARKER.test(name)) this.ignored.push(path);
      else if (await this.#isFolder(path)) await this.walk(path, depth + 1);
      else this.found.push(path);
    }
  }

  /**
   * @param given absolute path of the data folder, as the caller named it
   * @param from index of the part of that path with which the pattern begins
   */
  async files(maxFiles: number, given: string, from: number): Promise<SourceFiles> {
    const { name: source, file } = this.#source;
    if (this.found.length > maxFiles)
      throw new SourceError(source, file, `${this.found.length} files match, at most ${maxFiles} are read`);
    const files: SourceFile[] = [];
    for (const name of this.found.sort()) {
      const regular = await regularFile(source, join(this.#root, name), name);
      if (!regular.path.startsWith(this.#root + sep))
        throw new SourceError(source, name, "a link that leads outside the data folder is not followed");
      files.push({ ...regular, pathValues: pathValues(this.#source, join(given, name), from, name) });
    }
    return { files, ignored: this.ignored.sort() };
  }

  async #matching(folder: string, part: string): Promise<string[]> {
    const pattern = pathPattern(part);
    const names = (await this.#names(folder)).filter((name) => pattern.test(name));
    const isMarker = (name: string) => MARKER.test(name) && !/^[._]/.test(part) && !MARKER.test(part);
    this.ignored.push(...names.filter(isMarker).map((name) => join(folder, name)));
    return names.filter((name) => !isMarker(name));
  }

  /** Returns the sorted names of what a folder has; none for a folder that does not exist. */
  async #names(folder: string): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const { name } of await opendir(join(this.#root, folder))) {
        names.push(name);
        if (++this.#entries > MAX_ENTRIES) this.#reject(`more than ${MAX_ENTRIES} files and folders`);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return names.sort();
  }

  /** Whether a path is a folder of the data folder; null when nothing exists there. */
  async #isFolder(path: string): Promise<boolean | null> {
    const at = join(this.#root, path);
    try {
      if (!(await stat(at)).isDirectory()) return false;
      if (!`${await realpath(at)}${sep}`.startsWith(this.#root + sep))
        throw new SourceError(this.#source.name, path, "a link that leads outside the data folder is not followed");
      return true;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  #reject(has: string): never {
    throw new SourceError(this.#source.name, this.#source.file, `the folder has ${has}; name a smaller one`);
  }
}

/**
 * System error codes of a path that does not exist. Other codes, such as a missing permission, are not the
 * caller's error.
 */
const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && MISSING.has(error.code);

async function regularFile(source: string, path: string, name: string): Promise<Omit<SourceFile, "pathValues">> {
  const real = await realpath(path).catch((error: unknown) => {
    throw isMissing(error)
      ? new SourceError(source, name, "the file does not exist; put it there, or correct its name")
      : error;
  });
  if (!(await stat(real)).isFile()) throw new SourceError(source, name, "it is not a regular file");
  return { name, path: real };
}
