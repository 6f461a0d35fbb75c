import { writeFile } from "node:fs/promises";
import path from "node:path";
import { demoFiles } from "@bellwether/demo-data/demo-files";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { makeFolder } from "@bellwether/files/data-folder";

/** Default counts, seed and week of the demo data. */
export const DEMO_DEFAULTS = { suppliers: 10_500, transactions: 5_000, seed: 42, week: "2026-W47" } as const;

/**
 * Writes the demo's four tables into a folder.
 * @param week ISO week of the weekly file
 * @param valuesOf ISO week whose values the weekly file has
 */
export async function writeDemo(
  folder: string,
  counts: { suppliers: number; transactions: number },
  seed: number,
  week: string,
  valuesOf = week,
) {
  const demo = generateDemo(counts, seed);
  await makeFolder(path.resolve(folder));
  const files = demoFiles(demo, seed, week, valuesOf);
  for (const [name, csv] of Object.entries(files)) await writeFile(path.join(folder, name), csv);
  return { files: Object.keys(files), high_risk: demo.suppliers.reduce((sum, s) => sum + s.high_risk, 0) };
}
