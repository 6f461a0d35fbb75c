import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "@bellwether/files/data-folder";
import { ProcessLockedError, takeProcessLock } from "@bellwether/files/process-lock";

/** A folder that only this run uses. Disposal removes the folder. */
export interface WorkspaceFolder extends AsyncDisposable {
  readonly path: string;
}

const RUN = "bellwether-ingest-";
/** Prefix of a folder that is not locked yet, or is being removed. */
const NEW = ".bellwether-new-";
const LOCK = "lock";
/**
 * Age at which a folder with the prefix `NEW` and without a lock is removed, ms. Its process ended before it took the
 * lock, or while it removed the folder.
 */
const NEW_MS = 600_000;

/**
 * Creates a folder below `root`, and removes the folders that killed processes left there. Each folder in use has a
 * lock, which the operating system releases when the process ends.
 * @param root Null: the system's folder for temporary files.
 */
export async function createWorkspaceFolder(root: string | null): Promise<WorkspaceFolder> {
  const parent = root ?? tmpdir();
  if (root !== null) await makeFolder(root);
  await sweepWorkspaceFolders(root);
  const { path, lock } = await lockedFolder(parent);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await removeFolder(path);
      await lock[Symbol.asyncDispose]();
    },
  };
}

/** Number of attempts to create a folder: another process may remove the folder before it is locked. */
const ATTEMPTS = 5;

async function lockedFolder(parent: string, attempt = 1): Promise<{ path: string; lock: AsyncDisposable }> {
  const unlocked = await mkdtemp(join(parent, NEW));
  // A folder gets this name only after it is locked.
  const path = join(parent, `${RUN}${basename(unlocked).slice(NEW.length)}`);
  try {
    const lock = await takeProcessLock(join(unlocked, LOCK));
    await rename(unlocked, path);
    return { path, lock };
  } catch (error) {
    if (attempt === ATTEMPTS) throw error;
    return lockedFolder(parent, attempt + 1);
  }
}

/**
 * Removes a folder whose lock the caller holds. First renames the folder to the prefix `NEW`: other processes do not
 * touch a young folder with this prefix and without a lock, so they create no lock in it while it is removed.
 */
async function removeFolder(path: string): Promise<void> {
  const ended = join(dirname(path), `${NEW}${basename(path)}`);
  await rename(path, ended);
  await rm(ended, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes the folders of processes that have ended. A folder that cannot be removed (of another user) stays. */
export async function sweepWorkspaceFolders(root: string | null): Promise<void> {
  const parent = root ?? tmpdir();
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(RUN) || name.startsWith(NEW)) await removeIfUnused(join(parent, name)).catch(() => undefined);
}

async function removeIfUnused(path: string): Promise<void> {
  const isNew = basename(path).startsWith(NEW);
  const mayHaveLock = await readdir(path).then((names) => names.includes(`${LOCK}.sqlite`));
  if (isNew && !mayHaveLock && Date.now() - (await stat(path)).mtimeMs < NEW_MS) return;
  try {
    await using _lock = await takeProcessLock(join(path, LOCK));
    await removeFolder(path);
  } catch (error) {
    if (!(error instanceof ProcessLockedError)) throw error;
  }
}
