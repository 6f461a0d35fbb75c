import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeStartLock } from "./start-lock.ts";

test("a second start says that the services run, where, and which process started them", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-start-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "start.lock");
  {
    await using _first = await takeStartLock(file, { env: {} });
    const second = takeStartLock(file, { env: { OPS_SERVICE_WEB_PORT: "8123" } });
    await expect(second).rejects.toThrow(
      `the services run already at http://localhost:8123, if its ports are those of this environment: process ${process.pid} has started them and holds ${file}. `,
    );
    await expect(takeStartLock(file, { env: { OPS_SERVICE_WEB_PORT: "0" } })).rejects.toThrow("run already: process");
  }
  await using _again = await takeStartLock(file, { env: {} });
});

test("another error of the lock stays as it is", async () => {
  await expect(takeStartLock("/no/such/folder/start.lock", { env: {} })).rejects.toThrow("cannot be locked");
});
