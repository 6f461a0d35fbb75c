import { type ExplainedChange, explainChange } from "@bellwether/scoring/change/explain-change";
import { InvalidSupplierError } from "@bellwether/scoring/score/score-supplier";
import { Command } from "commander";
import { changeLines } from "../changes/change-text.ts";
import { changeFromLocal } from "../changes/change-view.ts";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { readSupplier } from "../input/read-supplier.ts";
import { withLocalModel } from "../models/open-model.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG, MODEL_FLAG } from "../remote/shared-options.ts";

/** Says that the two inputs are of two suppliers: one of the files may be a wrong one. */
const otherSupplierNotes = (before: string, after: string): string[] =>
  before === after ? [] : [`the inputs are of two suppliers: before ${before}, after ${after}`];

/** `bellwether change` */
export function changeCommand(context: CliContext): Command {
  return new Command("change")
    .requiredOption(
      "--before <json>",
      "the earlier data of the supplier: a flat JSON object, a file that contains the object, or - for standard input (required)",
    )
    .requiredOption(
      "--after <json>",
      "the later data of the supplier, in the same form; only one of --before and --after can be - (required)",
    )
    .option(...MODEL_FLAG)
    .option("--before-version <version>", "version or alias that scores the earlier data (default: champion)")
    .option("--after-version <version>", "version or alias that scores the later data (default: champion)")
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nTo explain the change between two weeks of a stored supplier: npx bellwether suppliers change S_00001\n\nExample:\n  npx bellwether change --before october.json --after november.json --before-version v1",
    )
    .action(async (options) => {
      const report = createReport(options);
      if (options.before === "-" && options.after === "-")
        throw new UsageError("--before - and --after - cannot both read standard input");
      const [before, after] = [
        (await readSupplier("--before", options.before, context.cwd)).supplier,
        (await readSupplier("--after", options.after, context.cwd)).supplier,
      ];
      const selector = (version: string | undefined) => ({
        ...(options.model !== undefined && { model: options.model }),
        ...(version !== undefined && { modelVersion: version }),
      });
      const change = await withLocalModel<ExplainedChange>(context, selector(options.beforeVersion), (old) =>
        withLocalModel(context, selector(options.afterVersion), async (now) => {
          // The same version is loaded twice; one of the two models scores both ends then.
          const isSame = old.identity.version === now.identity.version;
          try {
            return await explainChange(
              { model: old, input: { ...before, text: before.contractText }, path: "--before" },
              { model: isSame ? old : now, input: { ...after, text: after.contractText }, path: "--after" },
            );
          } catch (error) {
            throw error instanceof InvalidSupplierError ? new UsageError(error.message, { cause: error }) : error;
          }
        }),
      );
      const changed = changeFromLocal(after.supplierId, change);
      const json = {
        ...changed,
        notes: [...otherSupplierNotes(before.supplierId, after.supplierId), ...changed.notes],
      };
      for (const line of changeLines(json)) report.line(line);
      report.json(json);
    });
}
