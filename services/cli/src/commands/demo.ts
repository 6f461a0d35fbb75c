import path from "node:path";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { DEMO_DEFAULTS, writeDemo } from "../data/write-demo.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { withFormerName } from "../input/renamed-option.ts";
import { createReport } from "../output/report.ts";
import { makeTargetFolder } from "../output/target-folder.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** `bellwether demo` */
export function demoCommand({ cwd }: CliContext): Command {
  return withFormerName(new Command("demo"), "--out", "--output DIR")
    .option(
      "--suppliers <count>",
      "number of suppliers to generate, 1 to 1000000",
      wholeNumber(1, 1_000_000),
      DEMO_DEFAULTS.suppliers,
    )
    .option(
      "--transactions <count>",
      "number of transactions to generate, 0 to 10000000",
      wholeNumber(0, 10_000_000),
      DEMO_DEFAULTS.transactions,
    )
    .option(
      "--seed <number>",
      "random seed, 0 to 2147483647; the same seed, counts and week generate the same files",
      wholeNumber(0, 2 ** 31 - 1),
      DEMO_DEFAULTS.seed,
    )
    .option("--week <week>", "ISO week of the weekly file, for example 2026-W47", isoWeek, DEMO_DEFAULTS.week)
    .option("--output <dir>", "output folder; the command creates it if it does not exist", "demo")
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether demo --suppliers 300 --transactions 600 --seed 123")
    .action(async (options) => {
      const report = createReport(options);
      const folder = path.resolve(cwd, options.output);
      await makeTargetFolder("--output", folder);
      const written = await writeDemo(folder, options, options.seed, options.week);
      report.line(
        `${countText(options.suppliers, "supplier")}, ${written.high_risk} of them high risk, in ${folder}: ${written.files.join(", ")}`,
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
