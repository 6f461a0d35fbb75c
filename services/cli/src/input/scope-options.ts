import { type SupplierScope, scopeListViolation, supplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";

/** The options with which a command limits the suppliers that a caller sees. */
export interface ScopeOptions {
  readonly region?: readonly string[];
  readonly category?: readonly string[];
}

/** Adds the options of ScopeOptions to a command. @param what that has the suppliers, for example "key" */
export function withScope(command: Command, what: string): Command {
  return command
    .option(
      "--region <name...>",
      `callers with the ${what} see only suppliers of these regions (default: of all regions)`,
    )
    .option(
      "--category <name...>",
      `callers with the ${what} see only suppliers of these categories (default: of all categories)`,
    );
}

/** Returns the scope of the options. Undefined: all suppliers. @throws UsageError */
export function scopeFromOptions({ region = [], category = [] }: ScopeOptions): SupplierScope | undefined {
  for (const [option, values] of [
    ["--region", region],
    ["--category", category],
  ] as const) {
    const violation = scopeListViolation(values);
    if (violation !== undefined) throw new UsageError(`${option}: the list ${violation}`);
  }
  return supplierScope({ regions: region, categories: category });
}

/** Returns a scope as JSON. Null: all suppliers. */
export function scopeJson(scope: SupplierScope | undefined) {
  return scope ? { regions: [...scope.regions], categories: [...scope.categories] } : null;
}

/** Returns a scope in words for the end of a line. Empty: all suppliers. */
export function scopeText(scope: SupplierScope | undefined): string {
  if (!scope) return "";
  const { regions, categories } = scope;
  return [
    ...(regions.length > 0 ? [`only regions ${regions.join(", ")}`] : []),
    ...(categories.length > 0 ? [`only categories ${categories.join(", ")}`] : []),
  ].join(", ");
}
