import { StorageError, shortCause } from "@bellwether/files/storage-error";
import { openPostgres } from "../pool/open-postgres.ts";
import type { PostgresPool } from "../pool/postgres-pool.ts";

/** What the role of a service owns and may do. */
export interface ServiceRights {
  /** Schema of the tables. */
  readonly schema: string;
  /** Beginning of the names of tables that stay with the owner. */
  readonly kept: string;
  /** What the role may do with these tables, as in GRANT, for example "select on s.t". */
  readonly grants: readonly string[];
}

/** SQLSTATEs of a role that another process has created at the same time. */
const CREATED_MEANWHILE: ReadonlySet<unknown> = new Set(["42710", "23505"]);

interface Relation {
  readonly name: string;
  /** "table" or "sequence". */
  readonly kind: string;
}

/**
 * Prepares the role of a service, as the role that owns the tables: creates it when it does not exist, makes it the owner
 * of all tables of the schema except the kept ones, and grants what it may do with these. Changes nothing that is there
 * already.
 * @param serviceUrl URL of the same database for the role of the service
 * @throws StorageError with one line that says what the owner may not do
 */
export async function prepareRole(
  ownerUrl: string,
  serviceUrl: string,
  { schema, kept, grants }: ServiceRights,
): Promise<void> {
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
    await owner.query(`grant usage, create on schema ${quoteName(schema)} to ${quoted}`);
    for (const { name, kind } of await foreignRelations(owner, role, schema, kept))
      await owner.query(`alter ${kind} ${quoteName(schema)}.${quoteName(name)} owner to ${quoted}`);
    for (const grant of grants) await owner.query(`grant ${grant} to ${quoted}`);
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

/**
 * Lists the tables and sequences that the role does not own and is to own. Sequences of a column follow their table, and the
 * list of migrations stays with the owner.
 */
async function foreignRelations(
  owner: PostgresPool,
  role: string,
  schema: string,
  kept: string,
): Promise<readonly Relation[]> {
  const { rows } = await owner.query<Relation & Record<string, unknown>>(
    `select c.relname as name, case c.relkind when 'S' then 'sequence' else 'table' end as kind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $2 and c.relkind in ('r', 'p', 'S') and pg_get_userbyid(c.relowner) <> $1
       and not starts_with(c.relname, $3) and not starts_with(c.relname, '__drizzle')
       and not (c.relkind = 'S' and exists (select from pg_depend d where d.classid = 'pg_class'::regclass
         and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
     order by c.oid`,
    [role, schema, kept],
  );
  return rows;
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
