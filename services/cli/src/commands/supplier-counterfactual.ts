import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek } from "../input/parse-option.ts";
import { jsonFromResponse } from "../models/counterfactual-json.ts";
import {
  askedOf,
  askedToProto,
  type CounterfactualOptions,
  withCounterfactualOptions,
  withLimitOptions,
} from "../models/counterfactual-options.ts";
import { counterfactualLines } from "../models/counterfactual-text.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG, OPS_FLAG, OPS_MODEL_FLAG } from "../remote/shared-options.ts";
import { openSuppliers } from "../suppliers/supplier-client.ts";

interface Options extends CounterfactualOptions {
  readonly week?: string;
  readonly model?: string;
  readonly ops?: string;
  readonly json?: boolean;
}

/** `bellwether suppliers counterfactual` */
export function supplierCounterfactualCommand(context: CliContext): Command {
  const command = new Command("counterfactual")
    .description(
      "Find the smallest changes of a supplier that lower the band of its score in one week. The search uses the stored values and the model version that computed the score.",
    )
    .argument("<supplier-id>", "id of the supplier in the weekly file")
    .option("--week <week>", "ISO week, for example 2026-W47 (default: the latest week)", isoWeek);
  return withCounterfactualOptions(command)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether suppliers counterfactual S_00922\n  npx bellwether suppliers counterfactual S_00922 --week 2026-W47 --fix late_ratio --max-changes 3",
    )
    .action(async (supplierId: string, options: Options) => {
      const report = createReport(options);
      const asked = askedOf(options);
      using client = openSuppliers(context, options.ops);
      const {
        result,
        notes,
        isoWeek: week,
      } = await withLimitOptions(
        asked,
        client.answer(
          client.suppliers.findCounterfactuals({
            ...{ supplierId, isoWeek: options.week ?? "", modelName: options.model ?? "" },
            ...askedToProto(asked),
          }),
        ),
      );
      if (!result) throw new Error("ops-service answered without a result");
      const answer = { ...jsonFromResponse(supplierId, result), iso_week: week };
      const reported = new Set(answer.warnings);
      const others = notes.map(({ message }) => message).filter((message) => !reported.has(message));
      for (const line of counterfactualLines(answer)) report.line(line);
      for (const note of others) report.line(`note: ${printable(note)}`);
      report.json({ ...answer, notes: others });
    });
}
