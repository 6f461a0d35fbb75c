import { knownNames } from "@bellwether/contract/nearest-name";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { CliContext } from "../context/cli-context.ts";
import type { ScopeOptions } from "../input/scope-options.ts";
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
  if (rule !== undefined) {
    using rules = openOps(context, url, RuleService);
    const { ruleSets } = await rules.answer(rules.client.listRuleSets({ modelName: model }));
    const ids = ruleSets.flatMap((set) => set.rules.map(({ ruleId }) => ruleId));
    lines.push(...unknownOf("rule", [rule], [...new Set(ids)]));
  }
  const listed = (given: string | undefined) => (given === undefined ? [] : [given]);
  return [
    ...lines,
    ...(await unknownLabels(context, { region: listed(region), category: listed(category), model, ops: url })),
  ];
}

/** Returns one line for each region and category that no supplier has in the latest run. */
export async function unknownLabels(
  context: CliContext,
  {
    region = [],
    category = [],
    model = "",
    ops: url,
  }: ScopeOptions & { readonly model?: string; readonly ops?: string | undefined },
): Promise<readonly string[]> {
  if (region.length === 0 && category.length === 0) return [];
  using suppliers = openOps(context, url, SupplierService);
  const request = { includeFacets: true, pageSize: 1, modelName: model };
  const { facets } = await suppliers.answer(suppliers.client.listSuppliers(request));
  if (!facets) return [];
  const labels = (of: readonly { readonly label: string }[]) => of.map(({ label }) => label).filter(Boolean);
  // The service names the most frequent values: a value that is not among them can exist.
  return [
    ...(facets.regionsTruncated ? [] : unknownOf("region", region, labels(facets.regions))),
    ...(facets.categoriesTruncated ? [] : unknownOf("category", category, labels(facets.categories))),
  ];
}

const unknownOf = (option: string, given: readonly string[], known: readonly string[]): string[] =>
  given
    .filter((name) => !known.includes(name))
    .map((name) => `--${option} ${name} does not exist (upper and lower case count): ${knownNames(name, known)}`);
