import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  sql,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "@bellwether/postgres/drizzle/drizzle";
import type { Evidence } from "../domain/merges/evidence.ts";
import { supplier } from "./schema.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

/** Further identifiers of suppliers. `key` is the `identifierKey` of the value. */
export const supplierIdentifier = bellwether.table(
  "supplier_identifier",
  {
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
    kind: text("kind").notNull(),
    value: text("value").notNull(),
    key: text("key").notNull(),
    /** Whether other suppliers may have the identifier. */
    isShared: boolean("is_shared").notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.supplierId, t.kind] }),
    // Replaced by a start: see concurrent-indexes.ts.
    unique("supplier_identifier_unique").on(t.kind, t.key),
    index("supplier_identifier_key").on(t.key),
  ],
);

/** Numbers the changes of merges, in the order of their commits: each transaction holds a lock until it ends. */
export const supplierMergeChange = bellwether.sequence("supplier_merge_change");

/**
 * Keys by which similar names are found, one row per supplier, written with the search keys. They are not in the table
 * supplier_search, whose indexes each list and search locks. The key has the collation "C".
 */
export const supplierMatch = bellwether.table(
  "supplier_match",
  {
    // Without a foreign key, whose check would cost more than writing the row. Suppliers are never deleted.
    supplierId: integer("supplier_id").primaryKey(),
    /** `matchKey` of the name. */
    matchKey: text("match_key").notNull(),
  },
  (t) => [index("supplier_match_key").on(t.matchKey, t.supplierId).where(sql`match_key <> ''`)],
);

/** Merges of suppliers. A row is never deleted: its undo is written to it. */
export const supplierMerge = bellwether.table(
  "supplier_merge",
  {
    id: uuid("id").primaryKey(),
    survivorId: integer("survivor_id")
      .notNull()
      .references(() => supplier.id),
    mergedId: integer("merged_id")
      .notNull()
      .references(() => supplier.id),
    evidence: jsonb("evidence").$type<readonly Evidence[]>().notNull(),
    reason: text("reason").notNull(),
    mergedBy: text("merged_by").notNull(),
    mergedAt: when("merged_at").notNull(),
    undoneBy: text("undone_by").notNull().default(""),
    /** Null: the merge was not undone. */
    undoneAt: when("undone_at"),
    undoReason: text("undo_reason").notNull().default(""),
    /** Number of the latest change of the row. */
    change: bigint("change", { mode: "number" }).notNull(),
  },
  (t) => [
    uniqueIndex("supplier_merge_active").on(t.mergedId).where(sql`undone_at is null`),
    index("supplier_merge_into").on(t.survivorId).where(sql`undone_at is null`),
    index("supplier_merge_survivor").on(t.survivorId),
    index("supplier_merge_merged").on(t.mergedId),
    index("supplier_merge_by_change").on(t.change),
  ],
);

/** Pairs of suppliers that are not the same company, in the order of their numbers. */
export const supplierDismissal = bellwether.table(
  "supplier_dismissal",
  {
    firstId: integer("first_id")
      .notNull()
      .references(() => supplier.id),
    secondId: integer("second_id")
      .notNull()
      .references(() => supplier.id),
    /** `dataDigest` of the suppliers when the pair was dismissed. */
    firstDigest: text("first_digest").notNull(),
    secondDigest: text("second_digest").notNull(),
    reason: text("reason").notNull(),
    dismissedBy: text("dismissed_by").notNull(),
    dismissedAt: when("dismissed_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.firstId, t.secondId] }), index("supplier_dismissal_second").on(t.secondId)],
);
