import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import { desc, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Db } from "../database.ts";
import { auditCheckpoint } from "../schema.ts";

const COLUMNS = {
  ...{ sequence: auditCheckpoint.sequence, hash: auditCheckpoint.hash, createdAt: auditCheckpoint.createdAt },
  ...{ keyId: auditCheckpoint.keyId, signature: auditCheckpoint.signature },
};

/** Stores a checkpoint. One of the same record that another replica has stored first stays. */
export async function storeCheckpoint(db: Db, checkpoint: AuditCheckpoint): Promise<void> {
  await db.insert(auditCheckpoint).values(checkpoint).onConflictDoNothing();
}

/** Lists checkpoints, newest first. */
export function listCheckpoints(db: Db, before: number | undefined, limit: number): Promise<AuditCheckpoint[]> {
  return db
    .select(COLUMNS)
    .from(auditCheckpoint)
    .where(before === undefined ? undefined : lt(auditCheckpoint.sequence, before))
    .orderBy(desc(auditCheckpoint.sequence))
    .limit(limit);
}

/**
 * Returns why the role of the service's connections can rewrite the log. Null: it can only append, and erase payloads.
 */
export async function whyRewritable(db: Db): Promise<string | null> {
  const { rows } = await db.execute<{ role: string; owns: boolean; writes: boolean; super: boolean }>(sql`
    select current_user as role, r.rolsuper as super, pg_has_role(current_user, c.relowner, 'member') as owns,
      has_table_privilege('bellwether.audit_event', 'delete') or has_table_privilege('bellwether.audit_event', 'truncate')
        or has_column_privilege('bellwether.audit_event', 'hash', 'update')
        or has_column_privilege('bellwether.audit_event', 'kind', 'update') as writes
    from pg_class c, pg_roles r where c.oid = 'bellwether.audit_event'::regclass and r.rolname = current_user`);
  const [row] = rows;
  if (!row) return null;
  if (row.super) return `the database role "${row.role}" is a superuser`;
  if (row.owns) return `the database role "${row.role}" owns the table of the log`;
  return row.writes ? `the database role "${row.role}" may update or delete records` : null;
}
