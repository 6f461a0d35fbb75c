import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runNode } from "@bellwether/testing/node-process";
import { expect, onTestFinished, test } from "vitest";
import { DiskError, InputNotFoundError } from "../domain/scheduler-error.ts";
import { allOnDisk, diskErrorOf, onDisk } from "./disk-error.ts";

const errno = (code: string, file?: string) =>
  Object.assign(new Error("failed"), { code, ...(file && { path: file }) });

test("a disk error has its path, code and meaning, also when another error wraps it", async () => {
  const reason =
    "/data/weeks cannot be used: the disk is full (ENOSPC); when it can be used again, the run continues where it stopped";
  for (const error of [
    errno("ENOSPC", "/data/weeks/x/.scores.partial"),
    new Error("write failed", { cause: errno("ENOSPC") }),
    new Error('IO Error: Could not write file "/data/weeks/a": No space left on device'),
  ]) {
    const found = diskErrorOf(error, "/data/weeks");
    expect(found).toBeInstanceOf(DiskError);
    expect(found?.message).toBe(reason);
  }
  expect(diskErrorOf(errno("EACCES", "/tmp/spill"), "/data/weeks")?.message).toContain("/tmp/spill cannot be used: ");
  const quoted = new Error('IO Error: Could not write file "/ingest/run/a.tmp": No space left on device');
  expect(diskErrorOf(quoted, "/data/weeks")?.message).toContain("/ingest/run/a.tmp cannot be used: the disk is full");
  await expect(onDisk("/data", Promise.reject(errno("EIO")))).rejects.toThrow(DiskError);
});

test("a missing file, another error and no error are not disk errors", async () => {
  for (const error of [errno("ENOENT"), errno("ECONNREFUSED"), new Error("x"), "ENOSPC", new InputNotFoundError("x")])
    expect(diskErrorOf(error, "/data")).toBeNull();
  await expect(onDisk("/data", Promise.reject(errno("ENOENT")))).rejects.toThrow("failed");
});

test("wraps every function of an object and keeps other values", async () => {
  const guarded = allOnDisk("/data", { name: "kept", read: (n: number) => Promise.resolve(n + 1), write: failing });
  expect(guarded.name).toBe("kept");
  expect(await guarded.read(1)).toBe(2);
  await expect(guarded.write()).rejects.toThrow(DiskError);
});

const failing = (): Promise<void> => Promise.reject(errno("EROFS"));

test.skipIf(process.getuid?.() !== 0)(
  "a folder or file that this user may not read is not reported as missing (run as root, which becomes another user)",
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-rights-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    await mkdir(path.join(folder, "input"), { mode: 0o755 });
    await writeFile(path.join(folder, "input/locked.csv"), "x", { mode: 0o600 });
    await mkdir(path.join(folder, "input/locked"), { mode: 0o700 });
    await writeFile(path.join(folder, "input/locked/week.csv"), "x");
    const modules = ["../domain/input-file.ts", "./open-readable.ts", "./disk-error.ts"].map((file) =>
      JSON.stringify(new URL(file, import.meta.url).href),
    );
    // Root can read everything. So the modules are loaded as root, then the process becomes "nobody".
    const script = `
      const [{ resolveInput }, { openReadable }, { diskErrorOf }] = await Promise.all([${modules.map((url) => `import(${url})`)}]);
      process.setgid(65534); process.setgroups([]); process.setuid(65534);
      const folder = ${JSON.stringify(path.join(folder, "input"))};
      for (const work of [() => resolveInput(folder, "locked/week.csv"), () => openReadable(folder + "/locked.csv"), () => resolveInput(folder, "none.csv"), () => resolveInput(folder, "../../root/x")])
        console.log(await work().then(() => "read", (error) => diskErrorOf(error, folder)?.code ?? error.name));`;
    const { stdout, stderr } = await runNode("-e", { execArgv: ["--input-type=module"], args: [script] });
    expect({ lines: stdout.trim().split("\n"), stderr }).toEqual({
      lines: ["EACCES", "EACCES", "InputNotFoundError", "InputNotFoundError"],
      stderr: "",
    });
  },
);
