import { knownNames } from "@bellwether/contract/nearest-name";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { CliContext } from "../context/cli-context.ts";
import { openOps } from "../remote/ops-client.ts";
import type { FilterOptions } from "./alert-filters.ts";

/**
 * Returns why a list of alerts may be empty: one line for each of --rule, --region and --category whose value does not
 * exist. Regions and categories are those of the latest run.
 */
export async function unknownConditions(
  context: CliContext,
  { rule, region, category, model = "", ops: url }: FilterOptions & { readonly ops?: string },
): Promise<readonly string[]> {
  const lines: string[] = [];
  const check = (option: string, given: string | undefined, known: readonly string[], isWhole: boolean): void => {
    if (given === undefined || known.includes(given)) return;
    // The service names the most frequent values: a value that is not among them can exist.
    if (isWhole)
      lines.push(`--${option} ${given} does not exist (upper and lower case count): ${knownNames(given, known)}`);
  };
  if (rule !== undefined) {
    using rules = openOps(context, url, RuleService);
    const { ruleSets } = await rules.answer(rules.client.listRuleSets({ modelName: model }));
    const ids = ruleSets.flatMap((set) => set.rules.map(({ ruleId }) => ruleId));
    check("rule", rule, [...new Set(ids)], true);
  }
  if (region !== undefined || category !== undefined) {
    using suppliers = openOps(context, url, SupplierService);
    const request = { includeFacets: true, pageSize: 1, modelName: model };
    const { facets } = await suppliers.answer(suppliers.client.listSuppliers(request));
    if (!facets) return lines;
    const labels = (of: readonly { readonly label: string }[]) => of.map(({ label }) => label).filter(Boolean);
    check("region", region, labels(facets.regions), !facets.regionsTruncated);
    check("category", category, labels(facets.categories), !facets.categoriesTruncated);
  }
  return lines;
}
