import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { SupplierOrder } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG, OPS_FLAG, OPS_MODEL_FLAG } from "../remote/shared-options.ts";
import { openSuppliers } from "../suppliers/supplier-client.ts";
import { supplierJson, supplierLine } from "../suppliers/supplier-text.ts";

type ListedBand = "low" | "medium" | "high" | "unknown";
const BANDS: Readonly<Record<ListedBand, Band>> = {
  low: Band.LOW,
  medium: Band.MEDIUM,
  high: Band.HIGH,
  unknown: Band.UNKNOWN,
};
type ListedOrder = "impact" | "score" | "change" | "exposure" | "name";
const ORDERS: Readonly<Record<ListedOrder, SupplierOrder>> = {
  impact: SupplierOrder.IMPACT,
  score: SupplierOrder.SCORE,
  change: SupplierOrder.CHANGE,
  exposure: SupplierOrder.EXPOSURE,
  name: SupplierOrder.NAME,
};
const MAX_LISTED = 200;

interface ListOptions {
  readonly band?: readonly ListedBand[];
  readonly region?: readonly string[];
  readonly category?: readonly string[];
  readonly week?: string;
  readonly order: ListedOrder;
  readonly limit: number;
  readonly model?: string;
  readonly ops?: string;
  readonly json?: boolean;
}

/** `bellwether suppliers list` */
export function listSuppliersCommand(context: CliContext): Command {
  return new Command("list")
    .description("List the suppliers of a week by band, region and category, and say how many there are.")
    .addOption(
      new Option("--band <band...>", "only suppliers of these bands, separated by spaces").choices(Object.keys(BANDS)),
    )
    .option("--region <region...>", "only suppliers of these regions in the run; '' for suppliers without one")
    .option("--category <category...>", "only suppliers of these categories in the run; '' for suppliers without one")
    .option(
      "--week <week>",
      "ISO week of the scores, for example 2026-W47 (default: the latest complete week)",
      isoWeek,
    )
    .addOption(
      new Option("--order <value>", "order of the suppliers; all but name begin with the highest value")
        .choices(Object.keys(ORDERS))
        .default("impact"),
    )
    .option("--limit <count>", `maximum number of suppliers, 1 to ${MAX_LISTED}`, wholeNumber(1, MAX_LISTED), 50)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether suppliers list --band high unknown --region EU --order score")
    .action(async (options: ListOptions) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const request = {
        bands: (options.band ?? []).map((band) => BANDS[band]),
        regions: [...(options.region ?? [])],
        categories: [...(options.category ?? [])],
        ...{ isoWeek: options.week ?? "", orderBy: ORDERS[options.order], pageSize: options.limit },
        modelName: options.model ?? "",
      };
      const {
        suppliers,
        totalSize,
        modelName,
        isoWeek: week,
      } = await client.answer(client.suppliers.listSuppliers(request));
      for (const supplier of suppliers) report.line(supplierLine(supplier));
      if (week === "") report.line("no weekly run is complete yet");
      else {
        const shown = BigInt(suppliers.length) < totalSize ? `, of which ${suppliers.length} are shown (--limit)` : "";
        report.line(`${countText(totalSize, "supplier")} of ${modelName} in ${week}${shown}`);
      }
      report.json({ model: modelName, week, total: Number(totalSize), suppliers: suppliers.map(supplierJson) });
    });
}
