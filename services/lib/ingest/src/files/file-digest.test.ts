import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileDigest } from "./file-digest.ts";

test("the digest is that of the whole file, whatever its size", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-digest-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const bytes of [0, 1, 1024 * 1024, 2_500_001]) {
    const content = randomBytes(bytes);
    const file = path.join(folder, String(bytes));
    await writeFile(file, content);
    expect(await fileDigest(file)).toBe(createHash("sha256").update(content).digest("hex"));
  }
});

test("a file that does not exist, and an aborted read, are errors", async () => {
  await expect(fileDigest(path.join(os.tmpdir(), "bellwether-none"))).rejects.toThrow("ENOENT");
  await expect(fileDigest(import.meta.filename, AbortSignal.abort())).rejects.toThrow("abort");
});
