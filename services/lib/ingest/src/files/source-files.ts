import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { SourceError } from "../ingest-errors.ts";

/** A raw file: the name that reports show, and the path from which it is read. */
export interface SourceFile {
  readonly name: string;
  /** Absolute path after symbolic links are resolved. */
  readonly path: string;
}

/**
 * Returns the files of a source below `dataDir`, sorted by name. `*` and `?` match within the names of one
 * folder.
 * @throws SourceError when no file matches, too many match, or one is outside `dataDir` (also through symbolic links) or is
 * not a regular file.
 */
export async function sourceFiles(source: SourceMapping, dataDir: string, maxFiles: number): Promise<SourceFile[]> {
  const root = await realpath(dataDir).catch((error: unknown) => {
    throw isMissing(error)
      ? new SourceError(source.name, dataDir, "the data folder does not exist; correct its path")
      : error;
  });
  const names = /[*?]/.test(source.file) ? await matching(source, root) : [source.file];
  if (names.length === 0) throw new SourceError(source.name, source.file, "no file of the data folder matches");
  if (names.length > maxFiles)
    throw new SourceError(source.name, source.file, `${names.length} files match, at most ${maxFiles} are read`);
  return Promise.all(
    names.map(async (name) => {
      const file = await regularFile(source.name, join(root, name), name);
      if (!file.path.startsWith(root + sep))
        throw new SourceError(source.name, name, "a link that leads outside the data folder is not followed");
      return file;
    }),
  );
}

/** Returns the file that a caller passes as the input of `source`, in any folder. @throws SourceError */
export function callersFile(source: string, path: string): Promise<SourceFile> {
  return regularFile(source, path, basename(path));
}

/**
 * System error codes of a path that does not exist. Other codes, such as a missing permission, are not the
 * caller's error.
 */
const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && MISSING.has(error.code);

async function regularFile(source: string, path: string, name: string): Promise<SourceFile> {
  const real = await realpath(path).catch((error: unknown) => {
    throw isMissing(error)
      ? new SourceError(source, name, "the file does not exist; put it there, or correct its name")
      : error;
  });
  if (!(await stat(real)).isFile()) throw new SourceError(source, name, "it is not a regular file");
  return { name, path: real };
}

async function matching(source: SourceMapping, root: string): Promise<string[]> {
  const folder = dirname(source.file);
  if (/[*?]/.test(folder)) throw new SourceError(source.name, source.file, "only the file's own name may be a pattern");
  const escaped = basename(source.file).replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "su");
  const entries = await readdir(join(root, folder)).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries
    .filter((entry) => pattern.test(entry))
    .sort()
    .map((entry) => join(folder, entry));
}
