import { StorageError, shortCause } from "@bellwether/files/storage-error";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";

/** What the role of the service may do with the tables of the audit log. The other tables are its own. */
const AUDIT_GRANTS = [
  "select, insert, update (payload, salt) on bellwether.audit_event",
  "select, update on bellwether.audit_head",
  "select, insert on bellwether.audit_checkpoint",
  "select, insert, update on bellwether.audit_producer",
];
/** SQLSTATEs of a role that another process has created at the same time. */
const CREATED_MEANWHILE: ReadonlySet<unknown> = new Set(["42710", "23505"]);

interface Relation {
  readonly name: string;
  /** "table" or "sequence". */
  readonly kind: string;
}

/**
 * Prepares the role of the service, as the role that owns the tables: creates it when it does not exist, makes it the owner
 * of all tables except those of the audit log, and grants what it may do with these: read, append, and erase payloads.
 * Changes nothing that is there already.
 * @throws StorageError with one line that says what the owner may not do
 */
export async function grantToService(ownerUrl: string, serviceUrl: string): Promise<void> {
  const owner = await openPostgres(ownerUrl, { max: 1, applicationName: "bellwether-grant" });
  const role = decodeURIComponent(new URL(serviceUrl).username);
  try {
    const { rows } = await owner.query<{ isOwner: boolean; exists: boolean; name: string }>(
      `select current_user = $1 as "isOwner", current_user as name,
         exists (select from pg_roles where rolname = $1) as exists`,
      [role],
    );
    const [found] = rows;
    if (found?.isOwner) return;
    if (!found?.exists) await createRole(owner, role, decodeURIComponent(new URL(serviceUrl).password));
    const quoted = quoteName(role);
    await owner.query(`grant usage, create on schema bellwether to ${quoted}`);
    for (const { name, kind } of await foreignRelations(owner, role))
      await owner.query(`alter ${kind} bellwether.${quoteName(name)} owner to ${quoted}`);
    for (const grant of AUDIT_GRANTS) await owner.query(`grant ${grant} to ${quoted}`);
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError(
      `the role of DATABASE_OWNER_URL cannot prepare the role "${role}" of DATABASE_URL: ${shortCause(cause)}. docs/audit.md has the statements for an administrator`,
      { cause },
    );
  } finally {
    await owner.close();
  }
}

async function createRole(owner: PostgresPool, role: string, password: string): Promise<void> {
  try {
    await owner.query(`create role ${quoteName(role)} login password ${quoteText(password)}`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && CREATED_MEANWHILE.has(error.code))) throw error;
  }
}

/** Lists the tables and sequences that the role does not own and is to own. Sequences of a column follow their table. */
async function foreignRelations(owner: PostgresPool, role: string): Promise<Relation[]> {
  const { rows } = await owner.query<Relation & Record<string, unknown>>(
    `select c.relname as name, case c.relkind when 'S' then 'sequence' else 'table' end as kind
     from pg_class c where c.relnamespace = 'bellwether'::regnamespace and c.relkind in ('r', 'p', 'S')
       and pg_get_userbyid(c.relowner) <> $1 and c.relname not like 'audit\\_%' and c.relname not like '\\_\\_drizzle%'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
         and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and c.relkind = 'S')
     order by c.oid`,
    [role],
  );
  return rows;
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
