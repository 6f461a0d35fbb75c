import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
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
  uniqueIndex,
  uuid,
} from "@bellwether/postgres/drizzle/drizzle";
import { supplier } from "./schema.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

/** Lists of suppliers that people watch. */
export const watchlist = bellwether.table(
  "watchlist",
  {
    id: uuid("id").primaryKey(),
    /** Subject of the person who created the list. */
    owner: text("owner").notNull(),
    ownerName: text("owner_name").notNull(),
    /** What the owner saw when the owner last changed the list. Null: not known, of an earlier release. */
    ownerScope: jsonb("owner_scope").$type<SupplierScope | "all">(),
    name: text("name").notNull(),
    /** The form in which names are compared. */
    nameKey: text("name_key").notNull(),
    note: text("note").notNull(),
    isShared: boolean("is_shared").notNull(),
    version: bigint("version", { mode: "number" }).notNull(),
    createdAt: when("created_at").notNull(),
    changedAt: when("changed_at").notNull(),
    changedBy: text("changed_by").notNull(),
  },
  (t) => [
    uniqueIndex("watchlist_name").on(t.owner, t.nameKey),
    index("watchlist_shared").on(t.nameKey, t.id).where(sql`is_shared`),
  ],
);

/** The suppliers of watchlists. */
export const watchedSupplier = bellwether.table(
  "watched_supplier",
  {
    watchlistId: uuid("watchlist_id")
      .notNull()
      .references(() => watchlist.id, { onDelete: "cascade" }),
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
  },
  (t) => [primaryKey({ columns: [t.watchlistId, t.supplierId] }), index("watched_supplier_supplier").on(t.supplierId)],
);
