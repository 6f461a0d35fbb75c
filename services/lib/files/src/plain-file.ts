import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** The rule that a file breaks. */
export type PlainFileRule = "exists" | "readable" | "no-link" | "regular" | "one-name" | "size" | "unchanged";

/** A file was not read. The message is a predicate, for example "is a symbolic link". */
export class PlainFileError extends Error {
  override readonly name = "PlainFileError" as const;
  readonly rule: PlainFileRule;

  constructor(rule: PlainFileRule, predicate: string) {
    super(predicate);
    this.rule = rule;
  }
}

/** Without O_NONBLOCK, opening a named pipe that has no writer blocks until a writer opens it. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a regular file with exactly one name: through a symbolic link or a second hard link, another user could
 * change what is read, now or later. All checks are made on the opened file, so it cannot be replaced between a
 * check and the read.
 * @throws PlainFileError when it does not exist, is a link, is not a regular file, has more than `maxBytes`, or cannot be read
 */
export async function readPlainFile(file: string, maxBytes: number): Promise<Uint8Array> {
  await using handle = await open(file, FLAGS).catch((error: NodeJS.ErrnoException) => {
    throw openError(error);
  });
  const stats = await handle.stat();
  const { size, nlink } = stats;
  if (!stats.isFile()) throw new PlainFileError("regular", "is not a regular file");
  if (nlink > 1) throw new PlainFileError("one-name", `has ${nlink} hard links`);
  if (size > maxBytes) throw new PlainFileError("size", `has ${size} bytes, at most ${maxBytes} are read`);
  const bytes = new Uint8Array(size);
  const { bytesRead } = await handle.read(bytes, 0, size, 0);
  if (bytesRead !== size) throw new PlainFileError("unchanged", "changed while it was read");
  return bytes;
}

function openError({ code = "unknown error" }: NodeJS.ErrnoException): PlainFileError {
  if (code === "ENOENT" || code === "ENOTDIR") return new PlainFileError("exists", "does not exist");
  if (code === "ELOOP") return new PlainFileError("no-link", "is a symbolic link");
  if (code === "ENXIO") return new PlainFileError("regular", "is not a regular file");
  return new PlainFileError("readable", `cannot be read (${code})`);
}
