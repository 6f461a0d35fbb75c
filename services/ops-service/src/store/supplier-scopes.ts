import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";

/**
 * Returns the SQL of whether a row of the suppliers is in the scope of a caller, by the present master data. Undefined: no
 * condition.
 * @param supplier name of the table, or its alias
 */
export function inScope(scope: SupplierScope | undefined, supplier: SQL): SQL | undefined {
  return labelsInScope(scope, { region: sql`${supplier}.region_id`, category: sql`${supplier}.category_id` });
}

/** Returns the SQL of whether a score `s` is in the scope, by what its run stored. Undefined: no condition. */
export function scoreInScope(scope: SupplierScope | undefined): SQL | undefined {
  return labelsInScope(scope, { region: sql`s.region`, category: sql`s.category` });
}

function labelsInScope(
  scope: SupplierScope | undefined,
  columns: { readonly region: SQL; readonly category: SQL },
): SQL | undefined {
  if (scope === undefined) return undefined;
  // As an array, the labels are looked up once, and not for each supplier.
  const oneOf = (column: SQL, kind: string, values: readonly string[]): SQL[] =>
    values.length === 0
      ? []
      : [
          sql`${column} = any(array(select l.id from bellwether.label l where l.kind = ${kind} and l.value = any(${sql.param([...values])}::text[])))`,
        ];
  const parts = [
    ...oneOf(columns.region, "region", scope.regions),
    ...oneOf(columns.category, "category", scope.categories),
  ];
  // A scope without values must not show everything.
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` and `)})`;
}

/** Returns `and`, and the condition that a supplier is in the scope; nothing without a scope. */
export function andInScope(scope: SupplierScope | undefined, supplier: SQL): SQL {
  const condition = inScope(scope, supplier);
  return condition ? sql` and ${condition}` : sql``;
}

/** Returns the conditions on the number of a supplier that it is in the scope; none without a scope. */
export function numberInScope(scope: SupplierScope | undefined, number: SQL): SQL[] {
  const condition = inScope(scope, sql`scoped`);
  return condition ? [sql`(select ${condition} from bellwether.supplier scoped where scoped.id = ${number})`] : [];
}
