import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { PoolClient } from "pg";
import { ImportMismatchError } from "../../domain/ops-error.ts";
import { criticalityFromNumber, criticalityNumber } from "../../domain/scores/expected-impact.ts";
import {
  applyChange,
  type IdentifierOwner,
  type KnownSupplier,
  type KnownSuppliers,
} from "../../domain/suppliers/import-suppliers.ts";
import type { MasterDataChange } from "../../domain/suppliers/master-data.ts";
import { identifierKey } from "../../domain/suppliers/search-key.ts";
import type { ImportResult, MasterDataStore } from "../../domain/suppliers/store-master-data.ts";
import type { Identifier, Supplier } from "../../domain/suppliers/supplier.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction, Transaction } from "../database.ts";
import type { LabelTexts } from "../scores/label-texts.ts";
import { labelIds } from "../scores/labels.ts";
import { andInScope } from "../supplier-scopes.ts";
import { bitsOfMasterFields, masterFieldsFromBits } from "./master-fields.ts";
import { writeSearchKeys } from "./search-keys.ts";
import { readSuppliers } from "./supplier-rows.ts";

/** Key of an advisory lock, an arbitrary number: imports are stored one after another. */
const IMPORT_LOCK = 724_016;
/** Days for which the answer to an import is kept, for a client that repeats its request. */
const KEPT_DAYS = 7;

export interface MasterDataOptions {
  readonly now: () => Date;
  readonly newId: () => string;
  /** Currency of exposures that have none. */
  readonly currency: string;
}

/** Creates a function that runs an import in one transaction. */
export function createImportTransaction(inTransaction: InTransaction, options: MasterDataOptions) {
  return <T>(work: (store: MasterDataStore) => Promise<T>): Promise<T> =>
    inTransaction((tx) => work(createStore(tx, options)));
}

function createStore({ connection, db }: Transaction, { now, newId, currency }: MasterDataOptions): MasterDataStore {
  return {
    async earlierAnswer(requestId, digest) {
      await connection.query("select pg_advisory_xact_lock($1)", [IMPORT_LOCK]);
      const { rows } = await connection.query<{ digest: string; answer: ImportResult }>(
        "select digest, answer from bellwether.supplier_import where request_id = $1",
        [requestId],
      );
      const [earlier] = rows;
      if (earlier && earlier.digest !== digest) throw new ImportMismatchError(requestId);
      return earlier?.answer;
    },
    known: (changes) => readKnown(connection, changes, currency),
    async write(changes) {
      if (changes.length === 0) return;
      await lockSuppliers(connection, changes);
      const { suppliers } = await readKnown(connection, changes, currency);
      const next = changes.flatMap((change) => {
        const known = suppliers.get(change.supplierId);
        return known ? [applyChange(known, change)] : [];
      });
      await writeSuppliers(connection, next, currency);
    },
    async record({ requestId, digest, actor, answer }) {
      const { violations, outcomes: _outcomes, ...counts } = answer;
      await connection.query(
        "insert into bellwether.supplier_import (request_id, digest, answer) values ($1, $2, $3::text::jsonb)",
        [requestId, digest, JSON.stringify(answer)],
      );
      await connection.query(
        "delete from bellwether.supplier_import where created_at < now() - make_interval(days => $1)",
        [KEPT_DAYS],
      );
      const nowUs = BigInt(now().getTime()) * 1000n;
      const payload = JSON.stringify({ ...counts, violations: violations.length, requestDigest: digest });
      const event = { kind: "suppliers.imported", actor, subject: `import/${requestId}`, payload };
      await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: nowUs }], nowUs);
    },
  };
}

interface KnownRow {
  readonly id: number;
  readonly supplierId: string;
  readonly name: string;
  readonly region: string;
  readonly category: string;
  readonly exposure: number | null;
  readonly exposureCurrency: string;
  readonly criticality: number;
  readonly owner: string;
  readonly masterFields: number;
  readonly identifiers: readonly Identifier[];
  readonly survivor: number;
}

/** Returns the SQL of the survivor of a supplier `u`: the supplier itself if it is not merged. */
const SURVIVOR = `coalesce((select m.survivor_id from bellwether.supplier_merge m
  where m.merged_id = u.id and m.undone_at is null), u.id)`;

async function readKnown(
  tx: PoolClient,
  changes: readonly MasterDataChange[],
  currency: string,
): Promise<KnownSuppliers> {
  const { rows } = await tx.query<KnownRow>(
    `select u.id, u.external_id as "supplierId", u.name, u.exposure, u.exposure_currency as "exposureCurrency",
       coalesce((select value from bellwether.label where id = u.region_id), '') as region,
       coalesce((select value from bellwether.label where id = u.category_id), '') as category,
       u.criticality, u.owner, u.master_fields as "masterFields",
       (select coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value, 'isShared', i.is_shared)
          order by i.kind collate "C"), '[]')
        from bellwether.supplier_identifier i where i.supplier_id = u.id) as identifiers, ${SURVIVOR} as survivor
     from bellwether.supplier u where u.external_id = any($1::text[]) order by u.id`,
    [changes.map(({ supplierId }) => supplierId)],
  );
  const given = changes.flatMap(({ identifiers }) => identifiers.filter(({ value }) => value !== ""));
  const { rows: taken } = await tx.query<IdentifierOwner & { kind: string; key: string }>(
    `select i.kind, i.key, u.external_id as "supplierId", ${SURVIVOR} as survivor
     from (select distinct * from unnest($1::text[], $2::text[]) as g(kind, key)) g
     join bellwether.supplier_identifier i on i.kind = g.kind and i.key = g.key
     join bellwether.supplier u on u.id = i.supplier_id`,
    [given.map(({ kind }) => kind), given.map(({ value }) => identifierKey(value))],
  );
  return {
    suppliers: new Map(rows.map((row) => [row.supplierId, knownOf(row, currency)])),
    owners: Map.groupBy(taken, ({ kind, key }) => `${kind}/${key}`),
  };
}

function knownOf(row: KnownRow, currency: string): KnownSupplier {
  const { id, supplierId, name, region, category, owner, identifiers, exposure, exposureCurrency, survivor } = row;
  return {
    ...{ survivor, isMerged: survivor !== id },
    ...{ supplierId, name, region, category, owner, identifiers },
    exposure: exposure === null ? null : { amount: exposure, currency: exposureCurrency || currency },
    criticality: criticalityFromNumber(row.criticality),
    masterFields: masterFieldsFromBits(row.masterFields),
  };
}

/**
 * Creates the suppliers that do not exist, and locks all. New ones are inserted before the others are locked, in
 * the order of their external ids, as a weekly run does it, so that both cannot deadlock.
 */
async function lockSuppliers(tx: PoolClient, changes: readonly MasterDataChange[]): Promise<void> {
  const ids = changes.map(({ supplierId }) => supplierId).sort();
  await tx.query(
    `insert into bellwether.supplier (external_id)
     select g.id from unnest($1::text[]) g(id)
     where not exists (select from bellwether.supplier k where k.external_id = g.id)
     order by g.id collate "C" on conflict (external_id) do nothing`,
    [ids],
  );
  await tx.query("select from bellwether.supplier where external_id = any($1::text[]) order by id for update", [ids]);
}

async function writeSuppliers(tx: PoolClient, suppliers: readonly KnownSupplier[], currency: string): Promise<void> {
  const regions = await labelIds(
    tx,
    "region",
    suppliers.map(({ region }) => region),
  );
  const categories = await labelIds(
    tx,
    "category",
    suppliers.map(({ category }) => category),
  );
  const { rows } = await tx.query<{ id: number; externalId: string; name: string }>(
    `update bellwether.supplier k
     set name = t.name, region_id = t.region_id, category_id = t.category_id, exposure = t.exposure,
       exposure_currency = t.currency, criticality = t.criticality, owner = t.owner, master_fields = t.fields
     from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::float8[], $6::text[], $7::int2[], $8::text[], $9::int2[])
       as t(external_id, name, region_id, category_id, exposure, currency, criticality, owner, fields)
     where k.external_id = t.external_id returning k.id, k.external_id as "externalId", k.name`,
    [
      suppliers.map(({ supplierId }) => supplierId),
      suppliers.map(({ name }) => name),
      suppliers.map(({ region }) => regions.get(region) ?? null),
      suppliers.map(({ category }) => categories.get(category) ?? null),
      suppliers.map(({ exposure }) => exposure?.amount ?? null),
      // The currency of the policy is stored as "", so that it can be changed for all of them.
      suppliers.map(({ exposure, masterFields }) =>
        exposure === null || (exposure.currency === currency && !masterFields.includes("exposure"))
          ? ""
          : exposure.currency,
      ),
      suppliers.map(({ criticality }) => criticalityNumber(criticality)),
      suppliers.map(({ owner }) => owner),
      suppliers.map(({ masterFields }) => bitsOfMasterFields(masterFields)),
    ],
  );
  await writeSearchKeys(tx, rows);
  await writeIdentifiers(tx, suppliers, new Map(rows.map(({ externalId, id }) => [externalId, id])));
}

async function writeIdentifiers(
  tx: PoolClient,
  suppliers: readonly KnownSupplier[],
  numberOf: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = suppliers.flatMap(({ supplierId, identifiers }) =>
    identifiers.map((identifier) => ({ ...identifier, number: numberOf.get(supplierId) ?? 0 })),
  );
  await tx.query("delete from bellwether.supplier_identifier where supplier_id = any($1::int[])", [
    [...numberOf.values()],
  ]);
  if (rows.length === 0) return;
  await tx.query(
    `insert into bellwether.supplier_identifier (supplier_id, kind, value, key, is_shared)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bool[])`,
    [
      rows.map(({ number }) => number),
      rows.map(({ kind }) => kind),
      rows.map(({ value }) => value),
      rows.map(({ value }) => identifierKey(value)),
      rows.map(({ isShared = false }) => isShared),
    ],
  );
}

/** Lists suppliers with their identifiers, in the order of their numbers. */
export async function listMasterData(
  db: Db,
  {
    after,
    limit,
    scope,
  }: { readonly after: number; readonly limit: number; readonly scope: SupplierScope | undefined },
  labelTexts: LabelTexts,
): Promise<readonly Supplier[]> {
  const { rows } = await db.execute<{ id: number }>(
    sql`select id from bellwether.supplier where id > ${after}::int${andInScope(scope, sql`supplier`)} order by id limit ${limit}::int`,
  );
  const numbers = rows.map(({ id }) => id);
  const suppliers = await readSuppliers(db, numbers, {
    ...{ modelName: "", withIdentifiers: true, withMerges: scope === undefined, labelTexts },
  });
  return numbers.flatMap((number) => suppliers.get(number) ?? []);
}
