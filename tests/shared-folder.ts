import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { SHARED_FOLDER } from "@bellwether/testing/made-once";
import { stopSharedServers } from "@bellwether/testing/postgres-cluster";
import type { TestProject } from "vitest/node";

/** Creates the folder that the test processes of one run share. Not while sources change: what was made before would be used. */
export default async function setUp({ config }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (config.watch) return undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-shared-"));
  // A server in it may run as another user, who must be able to enter the folder.
  await chmod(folder, 0o755);
  process.env[SHARED_FOLDER] = folder;
  return async () => {
    await stopSharedServers(folder);
    await rm(folder, { recursive: true, force: true });
  };
}
