import { mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { resolveInput } from "./input-file.ts";

test("finds only what is below the folder, also after links are followed", async () => {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "bellwether-input-")));
  try {
    await writeFile(path.join(folder, "week.csv"), "");
    await symlink("/etc", path.join(folder, "out"));
    expect(await resolveInput(folder, "week.csv")).toBe(path.join(folder, "week.csv"));
    expect(await resolveInput(folder, "")).toBe(folder);
    for (const input of ["none.csv", "../", "/etc/hostname", "out/hostname", "week.csv/x"])
      await expect(resolveInput(folder, input)).rejects.toThrow(
        `the weekly file ${input} is not in the input folder of the scheduler`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
