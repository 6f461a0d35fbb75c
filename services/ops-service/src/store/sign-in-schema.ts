import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { index, jsonb, pgSchema, sql, text, timestamp, uniqueIndex, uuid } from "@bellwether/postgres/drizzle/drizzle";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

/** Sessions of people. The secret in the browser's cookie is stored as SHA-256 only. */
export const session = bellwether.table(
  "session",
  {
    id: uuid("id").primaryKey(),
    /** SHA-256 of the present secret, base64url. */
    hash: text("hash").notNull().unique(),
    /** SHA-256 of the secret before it. Null: the secret was never replaced. */
    previousHash: text("previous_hash"),
    /** End of the time in which the previous secret is accepted. Null: until the present one is used. */
    previousUntil: when("previous_until"),
    subject: text("subject").notNull(),
    name: text("name").notNull(),
    role: text("role", { enum: ["viewer", "analyst", "admin"] }).notNull(),
    method: text("method", { enum: ["oidc", "token", "link"] }).notNull(),
    /** The suppliers that the person sees. Null: all. */
    scope: jsonb("scope").$type<SupplierScope>(),
    createdAt: when("created_at").notNull(),
    lastUsedAt: when("last_used_at").notNull(),
    expiresAt: when("expires_at").notNull(),
    endedAt: when("ended_at"),
  },
  (t) => [
    index("session_previous").on(t.previousHash).where(sql`previous_hash is not null`),
    index("session_subject").on(t.subject, t.createdAt).where(sql`ended_at is null`),
    index("session_expires").on(t.expiresAt),
  ],
);

/** One-time links that were used, so that no replica accepts them again. */
export const usedLink = bellwether.table(
  "used_link",
  { id: text("id").primaryKey(), usedAt: when("used_at").notNull() },
  (t) => [index("used_link_at").on(t.usedAt)],
);

/** API keys. The secret is stored as SHA-256 only. */
export const apiKey = bellwether.table(
  "api_key",
  {
    id: uuid("id").primaryKey(),
    name: text("name").notNull(),
    /** First characters of the key, by which people recognise it. */
    prefix: text("prefix").notNull().unique(),
    /** SHA-256 of the whole key, lower-case hex. */
    hash: text("hash").notNull(),
    role: text("role", { enum: ["viewer", "analyst", "admin", "service"] }).notNull(),
    /** The suppliers that callers with the key see. Null: all. */
    scope: jsonb("scope").$type<SupplierScope>(),
    createdAt: when("created_at").notNull(),
    createdBy: text("created_by").notNull(),
    expiresAt: when("expires_at").notNull(),
    lastUsedAt: when("last_used_at"),
    revokedAt: when("revoked_at"),
    revokedBy: text("revoked_by").notNull().default(""),
  },
  (t) => [
    uniqueIndex("api_key_name").on(t.name).where(sql`revoked_at is null`),
    index("api_key_created").on(t.createdAt, t.id),
  ],
);
