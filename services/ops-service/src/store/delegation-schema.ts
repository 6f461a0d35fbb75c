import { index, pgSchema, sql, text, timestamp, uuid } from "@bellwether/postgres/drizzle/drizzle";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

/** Times in which deputies take care of the alerts of owners. */
export const delegation = bellwether.table(
  "delegation",
  {
    id: uuid("id").primaryKey(),
    owner: text("owner").notNull(),
    deputy: text("deputy").notNull(),
    startsAt: when("starts_at").notNull(),
    endsAt: when("ends_at").notNull(),
    reason: text("reason").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: when("created_at").notNull(),
    endedAt: when("ended_at"),
    endedBy: text("ended_by").notNull().default(""),
  },
  (t) => [
    index("delegation_deputy").on(t.deputy, t.endsAt).where(sql`ended_at is null`),
    index("delegation_ends").on(t.endsAt, t.id),
  ],
);
