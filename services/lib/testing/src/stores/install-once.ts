import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessLockedError, takeProcessLock } from "@bellwether/files/process-lock";

export interface InstalledTool {
  /** Folder of the tool, below ROOT. */
  readonly folder: string;
}

/** Why a tool cannot be installed on this machine, for the message of a skipped test. */
export interface MissingTool {
  readonly missing: string;
}

/** Folder of all tools. Unlike the temporary folder it outlives a run of the tests, and a restart of the machine. */
const ROOT = path.join("/var/tmp", `bellwether-tools-${process.getuid?.() ?? 0}`);
/** Marks a complete installation. */
const DONE = "installed";
const LOCK_LOOK_MS = 200;

/**
 * Installs a tool of the tests once per machine and per content of `listed`, the file that pins its versions. Several test files, also of
 * several checkouts, can call it at the same time: one installs, the others wait.
 * @param install installs into an empty folder
 */
export async function installOnce(
  name: string,
  listed: string,
  install: (folder: string) => Promise<void>,
): Promise<InstalledTool | MissingTool> {
  const digest = createHash("sha256")
    .update(await readFile(listed))
    .digest("hex");
  const folder = path.join(ROOT, `${name}-${digest.slice(0, 12)}`);
  const isDone = (): boolean => existsSync(path.join(folder, DONE));
  try {
    if (isDone()) return { folder };
    await mkdir(ROOT, { recursive: true, mode: 0o700 });
    await using _lock = await waitForLock(path.join(ROOT, `${name}.lock`));
    if (isDone()) return { folder };
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await install(folder);
    await writeFile(path.join(folder, DONE), "");
    return { folder };
  } catch (error) {
    const program =
      error instanceof Error && "code" in error && error.code === "ENOENT" ? " (a program is missing)" : "";
    return { missing: `${name} of ${path.relative(process.cwd(), listed)} could not be installed${program}` };
  }
}

async function waitForLock(file: string): Promise<AsyncDisposable> {
  for (;;) {
    try {
      return await takeProcessLock(file);
    } catch (error) {
      if (!(error instanceof ProcessLockedError)) throw error;
      await pause(LOCK_LOOK_MS);
    }
  }
}
