import { canonicalHash } from "@bellwether/contract/canonical-json";
import { fileDigest } from "../files/file-digest.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { type WeeklyInput, weeklyFiles, weeklySources } from "./weekly-snapshot.ts";

/** Digest of one file, and the source of the mapping to which it belongs. */
export interface SourceContent {
  readonly source: string;
  /** SHA-256 of the file as stored, lower-case hex. */
  readonly digest: string;
}

/**
 * Returns the SHA-256 of the content of a weekly run's input, lower-case hex. For one file it is the file's
 * digest, as `sha256sum` prints it; for several files it is the digest of their list in the order in which
 * they are read. File names do not change it.
 */
export function sourceDigest(files: readonly SourceContent[]): string {
  const [first, ...others] = files;
  if (first !== undefined && others.length === 0) return first.digest;
  return canonicalHash(files.map(({ source, digest }) => ({ source, digest })));
}

/** Reads the input of a weekly run and returns its `sourceDigest`. @throws SourceError, MappingSqlError */
export async function readSourceDigest({
  mapping,
  input,
  signal,
}: Pick<WeeklyInput, "mapping" | "input" | "signal">): Promise<string> {
  const { weekly } = mapping;
  if (weekly === null) throw new MappingSqlError("weekly", "the mapping has no weekly form");
  const contents: SourceContent[] = [];
  for (const source of weeklySources(mapping, weekly))
    for (const { path } of await weeklyFiles({ input, mapping }, source, DEFAULT_LIMITS))
      contents.push({ source: source.name, digest: await fileDigest(path, signal) });
  return sourceDigest(contents);
}
