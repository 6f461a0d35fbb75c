import { mkdtemp, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import { UsageError } from "../errors/usage-error.ts";

/**
 * Creates the folder that an option names, with its parents, and verifies that files can be written there,
 * before a command starts its work.
 * @param mode permissions of created folders
 * @throws UsageError in one line that names the option
 */
export async function makeTargetFolder(option: string, folder: string, mode = 0o777): Promise<void> {
  try {
    await makeFolder(folder, mode);
    await checkWritable(folder);
  } catch (cause) {
    throw targetError(option, `the folder ${folder}`, cause);
  }
}

/** A file that a command reads, and the option that names it. */
export interface InputFile {
  readonly option: string;
  readonly file: string;
}

/**
 * Verifies that the file of an option can be written, before a command starts its work. The folder must exist and be
 * writable, and the file must not be one of the files that the command reads.
 * @throws UsageError in one line that names the option
 */
export async function checkTargetFile(option: string, file: string, inputs: readonly InputFile[] = []): Promise<void> {
  if ((await stat(file).catch(() => null))?.isDirectory())
    throw new UsageError(`${option}: ${file} is a folder; name a file`);
  for (const input of inputs)
    if (await isSameFile(file, input.file))
      throw new UsageError(
        `${option}: ${file} is the file that ${input.option} reads, and would be overwritten; choose another path`,
      );
  try {
    await checkWritable(path.dirname(file));
  } catch (cause) {
    throw targetError(option, file, cause);
  }
}

/**
 * Whether two paths name the same file, also through symbolic and hard links, another spelling or the case of
 * letters. A file that does not exist is not the same as any other.
 */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((file) => stat(file, { bigint: true }).catch(() => null)));
  return a != null && b != null && a.dev === b.dev && a.ino === b.ino;
}

/**
 * Creates and removes a folder: permission bits do not show that /proc and read-only file systems reject
 * writes even from the super-user.
 */
async function checkWritable(folder: string): Promise<void> {
  await rmdir(await mkdtemp(path.join(folder, ".bellwether-")));
}

/** Messages for the error codes of the system. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOTDIR: "a part of its path is a file, not a folder",
  ENOENT: "its folder does not exist or does not accept files",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "a part of its path is too long",
  ELOOP: "its path has a loop of symbolic links",
};

function targetError(option: string, target: string, cause: unknown): UsageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const reason = CAUSES[code] ?? "the system reported an error";
  return new UsageError(`${option}: ${target} cannot be written: ${reason} (${code}); choose another path`, { cause });
}
