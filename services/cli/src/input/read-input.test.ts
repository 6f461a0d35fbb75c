import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readInput } from "./read-input.ts";
import { readSupplier } from "./read-supplier.ts";

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(os.tmpdir(), "read-input-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test("a file that is not UTF-8 is rejected; a file with a byte order mark is read", async () => {
  const cwd = await folder();
  await writeFile(path.join(cwd, "latin1.json"), Buffer.from('{"supplier_id":"M\u00fcller"}', "latin1"));
  await expect(readInput("latin1.json", cwd)).rejects.toThrow("--input is not UTF-8; save the file as UTF-8");
  await writeFile(path.join(cwd, "marked.json"), '\ufeff{"supplier_id":"M\u00fcller"}');
  expect(await readInput("marked.json", cwd)).toEqual({ supplier_id: "M\u00fcller" });
});

test("half a surrogate pair is rejected, and the error names its field", async () => {
  await expect(readSupplier(String.raw`{"supplier_id":"\ud800"}`, ".")).rejects.toThrow(
    "--input: supplier_id has half a character",
  );
});
