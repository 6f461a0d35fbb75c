import { mkdtemp, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import { UsageError } from "../errors/usage-error.ts";

/**
 * Makes the folder that an option names, with those above it, and sees to it that files can be written there, before the work that
 * fills it. @param mode Of folders that are made. @throws UsageError in one line that names the option
 */
export async function makeTargetFolder(option: string, folder: string, mode = 0o777): Promise<void> {
  try {
    await makeFolder(folder, mode);
    await checkWritable(folder);
  } catch (cause) {
    throw targetError(option, `the folder ${folder}`, cause);
  }
}

/**
 * Sees to it that the file that an option names can be written, before the work that fills it: its folder exists and takes files.
 * @throws UsageError in one line that names the option
 */
export async function checkTargetFile(option: string, file: string): Promise<void> {
  if ((await stat(file).catch(() => null))?.isDirectory())
    throw new UsageError(`${option}: ${file} is a folder; name a file`);
  try {
    await checkWritable(path.dirname(file));
  } catch (cause) {
    throw targetError(option, file, cause);
  }
}

/** Only a thing made there shows it: the super-user's rights do not reach into /proc or a read-only file system. */
async function checkWritable(folder: string): Promise<void> {
  await rmdir(await mkdtemp(path.join(folder, ".bellwether-")));
}

/** What the system's codes mean for somebody who chose a target. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOTDIR: "a part of its path is a file and no folder",
  ENOENT: "its folder does not exist, or takes no files",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "a part of its path is too long",
  ELOOP: "its path goes round in symbolic links",
};

function targetError(option: string, target: string, cause: unknown): UsageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const reason = CAUSES[code] ?? "the system denies it";
  return new UsageError(`${option}: ${target} cannot be written: ${reason} (${code}); name another one`, { cause });
}
