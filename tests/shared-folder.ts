import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { SHARED_FOLDER } from "@bellwether/testing/made-once";
import { killSharedServers } from "@bellwether/testing/postgres-cluster";
import type { TestProject } from "vitest/node";

/** Creates the folder that the test processes of one run share. Not while sources change: what was made before would be used. */
export default function setUp({ config }: TestProject): (() => void) | undefined {
  if (config.watch) return undefined;
  const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-shared-"));
  // A server in it may run as another user, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  process.env[SHARED_FOLDER] = folder;
  const remove = (): void => {
    process.off("exit", remove);
    killSharedServers(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  // A signal ends the run without its tear-down.
  process.once("exit", remove);
  return remove;
}
