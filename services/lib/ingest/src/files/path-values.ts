import { pathColumns, type SourceMapping } from "@bellwether/config/source-mapping";
import { SourceError } from "../ingest-errors.ts";
import { comparedName } from "./compared-name.ts";

/** Folder name of the rows whose partition has no value, as Hive and Spark write it. */
const NO_VALUE = "__HIVE_DEFAULT_PARTITION__";

/** Returns the regular expression of one part of a file pattern; each `{name}` is a group of this name. */
export function pathPattern(part: string): RegExp {
  const pieces = part.split(/(\*|\?|\{[^{}]*\})/).map((piece) => {
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    const name = /^\{(.*)\}$/.exec(piece)?.[1];
    return name === undefined ? piece.replace(/[.+^${}()|[\]\\]/g, "\\$&") : `(?<${name}>.+?)`;
  });
  return new RegExp(`^${pieces.join("")}$`, "su");
}

/**
 * Returns the values of columns in a file's path: the parts `{name}` of the source's pattern, and the folders
 * `key=value`.
 * @param path absolute path
 * @param from index of the part of the path with which the pattern begins
 * @param name name of the file in errors
 * @throws SourceError when a part of the path lacks a value that the pattern reads, or two folders have the same key, which a column of the mapping has.
 */
export function pathValues(
  source: SourceMapping,
  path: string,
  from: number,
  name: string,
): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  const steps = stepsOf(path);
  if (pathColumns(source.file).length > 0)
    for (const [i, part] of source.file.split("/").entries()) {
      if (pathColumns(part).length === 0) continue;
      const match = pathPattern(part).exec(steps[from + i] ?? "");
      if (match === null)
        throw new SourceError(
          source.name,
          name,
          `its path does not match "${source.file}", from which ${pathColumns(part).join(" and ")} is read`,
        );
      for (const [column, text] of Object.entries(match.groups ?? {})) values.set(column, text);
    }
  const headers = new Set(source.columns.map(({ header }) => comparedName(header)));
  const keys = new Set<string>();
  for (const step of steps.slice(0, -1)) {
    const [, written = "", text = ""] = /^([^=]+)=(.*)$/s.exec(step) ?? [];
    const key = comparedName(decoded(written));
    if (key === "") continue;
    if (keys.has(key) && headers.has(key))
      throw new SourceError(source.name, name, `two folders of its path have a value of "${key}"`);
    keys.add(key);
    values.set(key, text === "" || text === NO_VALUE ? null : decoded(text));
  }
  return values;
}

/** Returns the values of a file's path that columns of the source have; others do not change what is read. */
export function mappedPathValues(
  source: SourceMapping,
  values: ReadonlyMap<string, string | null>,
): Record<string, string | null> {
  const headers = new Set(source.columns.map(({ header }) => comparedName(header)));
  return Object.fromEntries([...values].filter(([key]) => headers.has(key)).sort());
}

/** Returns the parts of a path. */
export function stepsOf(path: string): string[] {
  return path.split(/[\\/]/);
}

/** Hive writes characters that file names cannot have as `%3A`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
