import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DEFAULT_OUTCOME_MAPPING } from "@bellwether/config/outcome-mapping";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withOutcomes } from "./read-outcomes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "read-outcomes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Returns the pages of a file whose rows are of these suppliers, as "supplier day". */
async function pagesOf(suppliers: readonly string[], size: number): Promise<string[][]> {
  const file = path.join(folder, "events.csv");
  const rows = suppliers.map((id, i) => `${id},2026-03-${String(i + 1).padStart(2, "0")}`);
  await writeFile(file, `${["supplier_id,happened_on", ...rows].join("\n")}\n`);
  return await withOutcomes({ file, mapping: DEFAULT_OUTCOME_MAPPING }, async (open) => {
    const pages: string[][] = [];
    for await (const page of open.pages(size))
      pages.push(page.map(({ supplier_id, happened_on }) => `${supplier_id} ${Number(happened_on.slice(-2))}`));
    return pages;
  });
}

test("the rows of a supplier are in one page, in the order of the file", async () => {
  expect(await pagesOf(["B", "A", "C", "A", "B", "A"], 4)).toEqual([
    ["A 2", "A 4", "A 6"],
    ["B 1", "B 5", "C 3"],
  ]);
  expect(await pagesOf(["B", "A"], 4)).toEqual([["A 2", "B 1"]]);
});

test("a supplier with more rows than a page, and pages that end with a supplier, lose and repeat no row", async () => {
  const pages = await pagesOf(["A", "A", "A", "A", "A", "B", "B", "B"], 2);
  expect(pages.flat()).toEqual(["A 1", "A 2", "A 3", "A 4", "A 5", "B 6", "B 7", "B 8"]);
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(2);
  expect((await pagesOf(["A", "A", "B", "B"], 2)).flat()).toEqual(["A 1", "A 2", "B 3", "B 4"]);
  expect(await pagesOf([], 2)).toEqual([]);
});
