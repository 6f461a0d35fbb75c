import { readFile } from "node:fs/promises";
import path from "node:path";
import { weeklyFile } from "@bellwether/demo-data/demo-files";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { replaceFile } from "@bellwether/files/durable-write";
import { DEMO_DEFAULTS } from "../data/write-demo.ts";

/**
 * Replaces the demo's weekly file when a newer week has begun: the file of a week that is complete would be held in
 * another week, because its content is the same. A demo of another size than the default one is left as it is.
 * @param complete ISO week of the latest complete run
 * @param newest ISO week that has begun last
 */
export async function refreshDemoWeek(folder: string, complete: string, newest: string): Promise<void> {
  if (newest <= complete) return;
  const file = path.join(folder, "new_data_weekly.csv");
  const [suppliers, weekly] = await Promise.all([
    readFile(path.join(folder, "suppliers.csv"), "utf8"),
    readFile(file, "utf8"),
  ]);
  const isDefault = suppliers.trimEnd().split("\n").length === DEMO_DEFAULTS.suppliers + 1;
  if (!isDefault || weekly.trimEnd().endsWith(`,${newest}`)) return;
  const { seed } = DEMO_DEFAULTS;
  await replaceFile(file, weeklyFile(generateDemo(DEMO_DEFAULTS, seed), seed, newest));
}
