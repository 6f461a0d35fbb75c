import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
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
  await expect(readInput("--input", "latin1.json", cwd)).rejects.toThrow(
    "--input is not UTF-8; save the file as UTF-8",
  );
  await writeFile(path.join(cwd, "marked.json"), '\ufeff{"supplier_id":"M\u00fcller"}');
  expect(await readInput("--input", "marked.json", cwd)).toEqual({ supplier_id: "M\u00fcller" });
});

test("half a surrogate pair is rejected, and the error names its field", async () => {
  await expect(readSupplier("--input", String.raw`{"supplier_id":"\ud800"}`, ".")).rejects.toThrow(
    "--input: supplier_id has half a character",
  );
});

test.each([
  ['{"supplier_id":"A","late_ratio":0.1,"late_ratio":0.9}', '"late_ratio" is given twice'],
  [String.raw`{"supplier_id":"A","late_ratio":0.1,"l\u0061te_ratio":0.9}`, '"late_ratio" is given twice'],
  ['{"supplier_id":"A","supplier_id":"A"}', '"supplier_id" is given twice'],
  ['\ufeff[{"a":1},{"b":[{"c":1,"c":2}]}]', '"c" is given twice'],
])("%s has a name twice, which is rejected as text and as a file", async (text, reason) => {
  const cwd = await folder();
  await writeFile(path.join(cwd, "twice.json"), text);
  for (const input of [text, "twice.json"])
    await expect(readInput("--input", input, cwd)).rejects.toThrow(new UsageError(`--input: ${reason}`));
});

test("every error of an input names its option", async () => {
  const cwd = await folder();
  const files = {
    "large.json": " ".repeat(4 * 1024 * 1024 + 1),
    "broken.json": "{",
    "latin1.json": Buffer.from('"\u00fc"', "latin1"),
    "no-id.json": "{}",
    "list.json": "[]",
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(cwd, name), content);
  for (const input of [...Object.keys(files), ".", "nowhere.json", '{"a":1,"a":2}']) {
    const read = readSupplier("--before", input, cwd);
    await expect(read, input).rejects.toThrow(UsageError);
    await expect(read, input).rejects.toThrow(/^--before(?!.*--input)/s);
  }
});
