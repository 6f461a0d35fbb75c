import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";

/** Folder of the templates. `npm ci` removes it. */
const CACHE = path.resolve(import.meta.dirname, "../../../../node_modules/.cache/bellwether-testing");
/** Package that creates clusters. */
const POSTGRES = path.resolve(import.meta.dirname, "../../postgres");
/** Age after which an incomplete template is removed: its process was killed. */
const PARTIAL_MS = 10 * 60_000;

/**
 * Writes an initialised cluster, without a server, into the empty folder `dir`. It is a copy of a template that the first caller creates:
 * initdb takes longer than all else in the start of a server. Several processes can call it at the same time.
 */
export async function copyClusterTemplate(dir: string): Promise<void> {
  const template = path.join(CACHE, await templateName());
  if (!existsSync(template)) await createTemplate(template);
  await copy(`${template}/.`, dir);
}

/** The name changes with the PostgreSQL release, with the options of initdb, and with the user who owns the files. */
async function templateName(): Promise<string> {
  const digest = createHash("sha256");
  for (const file of ["package.json", "src/embedded/embedded-postgres.ts"])
    digest.update(await readFile(path.join(POSTGRES, file)));
  return `postgres-${digest.digest("hex").slice(0, 12)}-${process.getuid?.() ?? 0}`;
}

/** The template gets its name when it is complete, so that a killed process leaves none that is incomplete. */
async function createTemplate(template: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await removePartials(template);
  // The server may run as a user who cannot enter the checkout.
  const made = await mkdtemp(path.join(os.tmpdir(), "bellwether-test-template-"));
  const partial = `${template}.${randomBytes(6).toString("hex")}`;
  try {
    await chmod(made, 0o755);
    const server = await startEmbeddedPostgres({ dir: made, settings: { fsync: "off" } });
    await server.stop();
    await rm(server.log, { force: true });
    await copy(`${made}/.`, partial);
    await rename(partial, template).catch((error: unknown) => {
      // Another process was first.
      if (!existsSync(template)) throw error;
    });
  } finally {
    await Promise.all([made, partial].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

async function removePartials(template: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const file = path.join(CACHE, name);
    if (!file.startsWith(`${template}.`)) continue;
    const changed = await stat(file).catch(() => null);
    if (changed && Date.now() - changed.mtimeMs > PARTIAL_MS) await rm(file, { recursive: true, force: true });
  }
}

/** Copies files with their owners, which only the program of the system does. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", from, to]);
}
