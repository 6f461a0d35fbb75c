import { canonicalHash } from "@bellwether/contract/canonical-json";
import { fileDigest } from "../files/file-digest.ts";
import { mappedPathValues } from "../files/path-values.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { weeklyMapping } from "../mapping/weekly-mapping.ts";
import { type WeeklyInput, weeklyFiles, weeklySources } from "./weekly-snapshot.ts";

/** Digest of one file, and the source of the mapping to which it belongs. */
export interface SourceContent {
  readonly source: string;
  /** SHA-256 of the file as stored, lower-case hex. */
  readonly digest: string;
  /** Values of columns of the mapping that the file's path has; they are part of the content. Default: none. */
  readonly pathValues?: Readonly<Record<string, string | null>>;
}

/**
 * Returns the SHA-256 of the content of a weekly run's input, lower-case hex. For one file it is the file's
 * digest, as `sha256sum` prints it; for several files, and where columns are read from the path, it is the digest of
 * their list in the order in which they are read. Other parts of file names do not change it.
 */
export function sourceDigest(files: readonly SourceContent[]): string {
  const [first, ...others] = files;
  const isPlain = ({ pathValues = {} }: SourceContent) => Object.keys(pathValues).length === 0;
  if (first !== undefined && others.length === 0 && isPlain(first)) return first.digest;
  return canonicalHash(
    files.map((file) => {
      const { source, digest, pathValues } = file;
      return isPlain(file) ? { source, digest } : { source, digest, pathValues };
    }),
  );
}

/** Reads the input of a weekly run and returns its `sourceDigest`. @throws SourceError, MappingSqlError */
export async function readSourceDigest({
  mapping: whole,
  input,
  signal,
}: Pick<WeeklyInput, "mapping" | "input" | "signal">): Promise<string> {
  const mapping = weeklyMapping(whole);
  const { weekly } = mapping;
  if (weekly === null) throw new MappingSqlError("weekly", "the mapping has no weekly form");
  const contents: SourceContent[] = [];
  for (const source of weeklySources(mapping, weekly))
    for (const { path, pathValues } of (await weeklyFiles({ input, mapping }, source, DEFAULT_LIMITS)).files)
      contents.push({
        source: source.name,
        digest: await fileDigest(path, signal),
        pathValues: mappedPathValues(source, pathValues),
      });
  return sourceDigest(contents);
}
