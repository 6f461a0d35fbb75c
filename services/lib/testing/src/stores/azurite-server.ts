import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type InstalledTool, installOnce, type MissingTool } from "./install-once.ts";
import { startListening } from "./start-listening.ts";

const PINNED = path.resolve(import.meta.dirname, "../../azurite");
const INSTALL_MS = 300_000;

/** A blob store of Azure in memory, of azurite. */
export interface AzuriteServer extends AsyncDisposable {
  /** URL of the storage account. */
  readonly endpoint: string;
  readonly account: string;
  /** The key of the account, which is public: azurite's documentation has it. */
  readonly accountKey: string;
}

const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/**
 * Installs azurite with its 450 packages, once per machine. It is no development dependency: it would add 360 MB to each `npm ci`.
 */
export function installAzurite(): Promise<InstalledTool | MissingTool> {
  return installOnce("azurite", path.join(PINNED, "package-lock.json"), async (folder) => {
    for (const name of ["package.json", "package-lock.json"])
      await copyFile(path.join(PINNED, name), path.join(folder, name));
    const options = { cwd: folder, timeout: INSTALL_MS };
    await promisify(execFile)(
      "npm",
      ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      options,
    );
  });
}

/** Starts azurite on a free port. */
export async function startAzurite({ folder }: InstalledTool): Promise<AzuriteServer> {
  const program = path.join(folder, "node_modules/azurite/dist/src/blob/main.js");
  const args = ["--inMemoryPersistence", "--blobPort", "0", "--skipApiVersionCheck", "--disableTelemetry"];
  const server = await startListening(process.execPath, [program, ...args], {
    ready: /listens on (http:\/\/127\.0\.0\.1:\d+)/,
    name: "azurite",
  });
  return {
    ...{ endpoint: `${server.address}/${ACCOUNT}`, account: ACCOUNT, accountKey: KEY },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
