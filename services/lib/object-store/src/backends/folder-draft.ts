import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "@bellwether/files/durable-write";

/** Age after which a draft is of a killed process, ms. */
const OLD_DRAFT_MS = 24 * 3_600_000;

/** Removes drafts that killed processes have left. Errors are ignored: the next start tries again. */
export async function sweepDrafts(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const draft = path.join(folder, name);
    const found = await stat(draft).catch(() => null);
    if (found !== null && nowMs - found.mtimeMs > OLD_DRAFT_MS) await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Creates the missing folders from `root` down to `folder`, durably. `root` must exist. */
export async function makeFoldersBelow(root: string, folder: string): Promise<void> {
  let at = root;
  for (const name of path.relative(root, folder).split(path.sep).filter(Boolean)) {
    const above = at;
    at = path.join(at, name);
    const isNew = await mkdir(at).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
        return false;
      },
    );
    if (isNew) await syncFolder(above);
  }
}

/** Opens a new draft. Every user who may read the root may read it, whatever the umask. */
export async function openDraft(draft: string, root: string): Promise<FileHandle> {
  const handle = await open(draft, "wx", 0o644);
  const readers = (await stat(root)).mode & 0o444;
  const { mode } = await handle.stat();
  // chmod is called only when the mode differs, because some shared volumes reject every chmod.
  if ((mode & readers) !== readers) await handle.chmod((mode & 0o777) | readers);
  return handle;
}

/** Error codes of a file system without hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/**
 * Gives a draft its name if nothing has the name. One system call decides, so of several processes one succeeds.
 * @returns "exists" when something has the name; "unsupported" when the file system has no hard links: nothing was done
 */
export async function linkDraft(draft: string, file: string): Promise<"linked" | "exists" | "unsupported"> {
  try {
    await link(draft, file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST") return "exists";
    if (NO_LINKS.has(code)) return "unsupported";
    throw error;
  }
  await rm(draft, { force: true });
  await syncFolder(path.dirname(file));
  return "linked";
}

/** Gives a draft its name, also when a file has it. */
export async function renameDraft(draft: string, file: string): Promise<void> {
  await rename(draft, file);
  await syncFolder(path.dirname(file));
}
