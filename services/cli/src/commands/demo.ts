import { writeFile } from "node:fs/promises";
import path from "node:path";
import { demoFiles } from "@bellwether/demo-data/demo-files";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { makeFolder } from "@bellwether/files/data-folder";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { makeTargetFolder } from "../output/target-folder.ts";

/** Counts of the demo that nobody changed. */
export const DEMO_DEFAULTS = { suppliers: 10_500, transactions: 5_000, seed: 42, week: "2026-W47" } as const;

/** Writes the demo's four tables into a folder. */
export async function writeDemo(
  folder: string,
  counts: { suppliers: number; transactions: number },
  seed: number,
  week: string,
) {
  const demo = generateDemo(counts, seed);
  await makeFolder(path.resolve(folder));
  const files = demoFiles(demo, seed, week);
  for (const [name, csv] of Object.entries(files)) await writeFile(path.join(folder, name), csv);
  return { files: Object.keys(files), high_risk: demo.suppliers.reduce((sum, s) => sum + s.high_risk, 0) };
}

/** `bellwether demo` */
export function demoCommand({ cwd }: CliContext): Command {
  return new Command("demo")
    .option("--suppliers <n>", "how many suppliers", wholeNumber(1, 1_000_000), DEMO_DEFAULTS.suppliers)
    .option("--transactions <n>", "how many transactions", wholeNumber(0, 10_000_000), DEMO_DEFAULTS.transactions)
    .option("--seed <n>", "the same seed writes the same files", wholeNumber(0, 2 ** 31 - 1), DEMO_DEFAULTS.seed)
    .option("--week <week>", "ISO week of the weekly file", isoWeek, DEMO_DEFAULTS.week)
    .option("--out <dir>", "folder to write into", "demo")
    .option("--json", "print the result as one line of JSON")
    .addHelpText("after", "\nExample:\n  npx bellwether demo --suppliers 300 --transactions 600 --seed 123")
    .action(async (options) => {
      const report = createReport(options);
      const folder = path.resolve(cwd, options.out);
      await makeTargetFolder("--out", folder);
      const written = await writeDemo(folder, options, options.seed, options.week);
      report.line(
        `${options.suppliers} suppliers, ${written.high_risk} of them high risk, in ${folder}: ${written.files.join(", ")}`,
      );
      report.json({
        out: folder,
        suppliers: options.suppliers,
        transactions: options.transactions,
        seed: options.seed,
        ...written,
      });
    });
}
