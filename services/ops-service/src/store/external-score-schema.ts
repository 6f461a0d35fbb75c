import {
  date,
  doublePrecision,
  integer,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from "@bellwether/postgres/drizzle/drizzle";
import { supplier } from "./schema.ts";

const bellwether = pgSchema("bellwether");

/** Scores that others have computed. The latest day of a source counts. */
export const externalScore = bellwether.table(
  "external_score",
  {
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
    source: text("source").notNull(),
    asOf: date("as_of", { mode: "string" }).notNull(),
    score: doublePrecision("score").notNull(),
    importedAt: timestamp("imported_at", { withTimezone: true, mode: "date", precision: 3 }).notNull(),
    importedBy: text("imported_by").notNull(),
  },
  (t) => [primaryKey({ columns: [t.supplierId, t.source, t.asOf] })],
);
