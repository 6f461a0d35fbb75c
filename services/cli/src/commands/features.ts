import { nearestName } from "@bellwether/contract/nearest-name";
import type { RejectedRows } from "@bellwether/ingest/rejected-rows";
import { countText } from "@bellwether/reasons/count-text";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { loadTrainingData, withDataOptions } from "../data/training-data.ts";
import { UsageError } from "../errors/usage-error.ts";
import { createReport } from "../output/report.ts";

/** Returns a row of a table as the flat JSON that `predict` takes; missing values are left out. */
export function flatRow(table: FeatureTable, row: number): Record<string, string | number> {
  const flat: Record<string, string | number> = { supplier_id: table.supplierIds[row] ?? "" };
  for (const [name, column] of table.numbers) {
    const value = column[row] ?? Number.NaN;
    if (!Number.isNaN(value)) flat[name] = value;
  }
  for (const [name, column] of table.categories) {
    const value = column[row] ?? null;
    if (value !== null) flat[name] = value;
  }
  const text = table.texts?.[row] ?? "";
  return text === "" ? flat : { ...flat, contract_text: text };
}

/** Returns the newest row of a supplier. */
function newestRow(table: FeatureTable, supplierId: string): number {
  let found = -1;
  for (let row = 0; row < table.rows; row++) {
    if (table.supplierIds[row] !== supplierId) continue;
    if (found < 0 || (table.asOfDays?.[row] ?? 0) >= (table.asOfDays?.[found] ?? 0)) found = row;
  }
  return found;
}

/**
 * Returns where and why a row with the supplier's id was rejected; null when no sample of the rejected rows has the id.
 * The samples do not hold all rejected rows.
 */
export function rejectedHint({ samples }: Pick<RejectedRows, "samples">, supplierId: string): string | null {
  const cells = (text: string): string[] => text.split(/[,;\t|"\r\n]/).map((cell) => cell.trim());
  const sample = samples.find(({ text }) => cells(text).includes(supplierId));
  if (sample === undefined) return null;
  const where = sample.file === "" ? "" : ` in ${sample.file}, line ${sample.line ?? "unknown"}`;
  const column = sample.column === null ? "" : `column ${sample.column}: `;
  return `supplier "${supplierId}": its row${where} was rejected: ${column}${sample.reason}`;
}

/** `bellwether features` */
export function featuresCommand(context: CliContext): Command {
  return withDataOptions(new Command("features"), context)
    .requiredOption("--supplier <id>", "id of the supplier (required)")
    .option("--json", "no effect: the result is always one line of JSON")
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether features --data demo --supplier S_00001 | npx bellwether explain --input -",
    )
    .action(async (options) => {
      const { data } = await loadTrainingData(options, context);
      const row = newestRow(data.table, options.supplier);
      if (row < 0) {
        const rejected = rejectedHint(data.rejected, options.supplier);
        if (rejected !== null) throw new UsageError(rejected);
        const { count } = data.rejected;
        const others = count === 0 ? "" : ` (${countText(count, "row")} rejected while reading, which train lists)`;
        const near = nearestName(options.supplier, [...new Set(data.table.supplierIds)]);
        throw new UsageError(
          `supplier "${options.supplier}" has no row in ${options.data}${others}; ${near ? `did you mean "${near}"?` : "use a supplier_id of the data"}`,
        );
      }
      createReport({ json: true }).json(flatRow(data.table, row));
    });
}
