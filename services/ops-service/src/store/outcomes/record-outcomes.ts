import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { ImportMismatchError } from "../../domain/ops-error.ts";
import type { KnownPrediction } from "../../domain/outcomes/check-outcomes.ts";
import type { CorrectionStore } from "../../domain/outcomes/correct-outcome.ts";
import { aboutOf, type OutcomeDraft } from "../../domain/outcomes/outcome.ts";
import {
  type CurrentOutcome,
  keyOf,
  type OutcomeStore,
  type OutcomeWrite,
  type RecordResult,
} from "../../domain/outcomes/record-outcomes.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { andInScope } from "../supplier-scopes.ts";
import { keptSuppliers } from "./kept-scores.ts";
import { OUTCOME_COLUMNS, type OutcomeRow, outcomeFromRow } from "./outcomes.ts";
import { findPredictions } from "./served-predictions.ts";

/** Key of an advisory lock, an arbitrary number: requests are stored one after another. */
const OUTCOME_LOCK = 724_017;
/** Days for which the answer to a request is kept, for a client that repeats it. */
const KEPT_DAYS = 7;

export interface OutcomeStoreOptions {
  readonly now: () => Date;
  readonly newId: () => string;
}

/** Creates a function that stores a request in one transaction. For it, suppliers outside of the scope do not exist. */
export function createOutcomeTransaction(inTransaction: InTransaction, options: OutcomeStoreOptions) {
  return <T>(scope: SupplierScope | undefined, work: (store: OutcomeStore) => Promise<T>): Promise<T> =>
    inTransaction(({ db }) => work(createStore(db, scope, options)));
}

function createStore(db: Db, scope: SupplierScope | undefined, { now, newId }: OutcomeStoreOptions): OutcomeStore {
  const findSuppliers = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const { rows } = await db.execute<{ id: string }>(
      sql`select external_id as id from bellwether.supplier where external_id = any(${sql.param([...ids])}::text[])${andInScope(scope, sql`supplier`)}`,
    );
    return new Set(rows.map(({ id }) => id));
  };
  return {
    async earlierAnswer(requestId, digest) {
      await db.execute(sql`select pg_advisory_xact_lock(${OUTCOME_LOCK})`);
      const { rows } = await db.execute<{ digest: string; answer: RecordResult }>(
        sql`select digest, answer from bellwether.outcome_request where request_id = ${requestId}::uuid`,
      );
      const [earlier] = rows;
      if (earlier && earlier.digest !== digest) throw new ImportMismatchError(requestId);
      // An answer of an earlier release does not count notes.
      return earlier && { ...earlier.answer, keptNotes: earlier.answer.keptNotes ?? 0 };
    },
    async predictions(ids): Promise<ReadonlyMap<string, KnownPrediction>> {
      const found = await findPredictions(db, ids);
      if (scope === undefined) return found;
      const visible = await findSuppliers([...found.values()].map(({ supplierId }) => supplierId));
      return new Map([...found].filter(([, { supplierId }]) => visible.has(supplierId)));
    },
    suppliers: findSuppliers,
    async scoredIn(modelName, isoWeek, ids) {
      const { rows } = await db.execute<{ id: number; isKept: boolean }>(sql`
        select id, scores_expired_at is not null as "isKept" from bellwether.run
        where model_name = ${modelName} and iso_week = ${isoWeek} and state = 'complete'`);
      const [run] = rows;
      if (!run) return undefined;
      const wanted = sql`u.external_id = any(${sql.param([...ids])}::text[])`;
      const { rows: scored } = await db.execute<{ id: string }>(
        run.isKept
          ? sql`select u.external_id as id from bellwether.supplier u where ${wanted} and u.id in (${keptSuppliers(run.id)})`
          : sql`select u.external_id as id from bellwether.supplier u
              join ${sql.raw(`bellwether.score_r${run.id}`)} s on s.supplier = u.id where ${wanted} and s.p is not null`,
      );
      return new Set(scored.map(({ id }) => id));
    },
    async reviewedIn(modelName, isoWeek, ids) {
      const { rows } = await db.execute<{ id: string }>(sql`
        select distinct u.external_id as id from bellwether.run r
        join bellwether.review v on v.run_id = r.id join bellwether.supplier u on u.id = v.supplier_id
        where r.model_name = ${modelName} and r.iso_week = ${isoWeek}
          and u.external_id = any(${sql.param([...ids])}::text[])`);
      return new Set(rows.map(({ id }) => id));
    },
    current: (modelName, drafts) => readCurrent(db, modelName, drafts),
    async write(writes, by) {
      const at = now();
      await writeOutcomes(
        db,
        writes.map((write) => ({ ...write, id: newId() })),
        { ...by, at },
      );
    },
    async record({ requestId, digest, actor, modelName, source, answer }) {
      await db.execute(sql`
        insert into bellwether.outcome_request (request_id, digest, answer)
        values (${requestId}::uuid, ${digest}, ${JSON.stringify(answer)}::text::jsonb)`);
      await db.execute(
        sql`delete from bellwether.outcome_request where created_at < now() - make_interval(days => ${KEPT_DAYS})`,
      );
      const { violations, ...counts } = answer;
      const payload = JSON.stringify({
        modelName,
        source,
        ...counts,
        violations: violations.length,
        requestDigest: digest,
      });
      const nowUs = BigInt(now().getTime()) * 1000n;
      const event = { kind: "outcomes.recorded", actor, subject: `outcomes/${requestId}`, payload };
      await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: nowUs }], nowUs);
    },
  };
}

/**
 * Returns the outcomes that count about the suppliers and the weeks or days of rows, each found by its supplier. While the table has no
 * statistics, as in a first import, PostgreSQL would rather join each row with all outcomes of the model: the limit prevents the join, and
 * IS NOT DISTINCT FROM the index of the model.
 */
export async function readCurrent(
  db: Db,
  modelName: string,
  drafts: readonly OutcomeDraft[],
): Promise<ReadonlyMap<string, CurrentOutcome>> {
  const { rows } = await db.execute<OutcomeRow>(sql`
    select ${OUTCOME_COLUMNS}
    from unnest(${sql.param(drafts.map(({ supplierId }) => supplierId))}::text[], ${sql.param(drafts.map(aboutOf))}::text[]) as g(supplier, about)
    join bellwether.supplier u on u.external_id = g.supplier
    cross join lateral (
      select * from bellwether.outcome c
      where c.supplier_id = u.id and c.about = g.about and c.model_name is not distinct from ${modelName}::text
        and c.replaced_by is null and not c.withdrawn
      limit 1) o`);
  return new Map(rows.map((row) => [keyOf({ ...row, note: "" }), row]));
}

interface Written extends OutcomeWrite {
  readonly id: string;
}

async function writeOutcomes(
  db: Db,
  writes: readonly Written[],
  { modelName, source, actor, at }: Parameters<OutcomeStore["write"]>[1] & { readonly at: Date },
  withdrawn = false,
): Promise<void> {
  if (writes.length === 0) return;
  const column = (value: (write: Written) => string | boolean | null) => sql.param(writes.map(value));
  // First, so that at most one outcome counts at any time.
  const replaced = writes.filter(({ replaces }) => replaces !== null);
  if (replaced.length > 0)
    await db.execute(sql`
      update bellwether.outcome o set replaced_by = t.id
      from unnest(${sql.param(replaced.map(({ replaces }) => replaces))}::uuid[], ${sql.param(replaced.map(({ id }) => id))}::uuid[]) as t(old, id)
      where o.id = t.old`);
  await db.execute(sql`
    insert into bellwether.outcome
      (id, supplier_id, model_name, occurred, iso_week, happened_on, known_on, about, source, prediction_id, note, recorded_by, recorded_at, replaces, withdrawn)
    select t.id, u.id, ${modelName}, t.occurred, t.iso_week, t.happened_on, t.known_on, t.about, ${source}, t.prediction_id, t.note,
      ${actor}, ${at.toISOString()}::timestamptz, t.replaces, ${withdrawn}
    from unnest(
      ${column(({ id }) => id)}::uuid[], ${column(({ draft }) => draft.supplierId)}::text[],
      ${column(({ draft }) => draft.occurred)}::bool[], ${column(({ draft }) => draft.isoWeek)}::text[],
      ${column(({ draft }) => draft.happenedOn)}::date[], ${column(({ draft }) => draft.knownOn)}::date[],
      ${column(({ draft }) => aboutOf(draft))}::text[], ${column(({ draft }) => draft.predictionId)}::uuid[],
      ${column(({ draft }) => draft.note)}::text[], ${column(({ replaces }) => replaces)}::uuid[]
    ) with ordinality as t(id, supplier, occurred, iso_week, happened_on, known_on, about, prediction_id, note, replaces, position)
    join bellwether.supplier u on u.external_id = t.supplier order by t.position`);
}

/** Creates a function that corrects an outcome in one transaction. For it, outcomes outside of the scope do not exist. */
export function createCorrection(inTransaction: InTransaction, { now, newId }: OutcomeStoreOptions) {
  return <T>(scope: SupplierScope | undefined, work: (store: CorrectionStore) => Promise<T>): Promise<T> =>
    inTransaction(({ db }) =>
      work({
        async lock(outcomeId) {
          await db.execute(sql`select pg_advisory_xact_lock(${OUTCOME_LOCK})`);
          return find(db, outcomeId, scope);
        },
        async hasOther(stored, about) {
          const { rowCount } = await db.execute(sql`
            select from bellwether.outcome o join bellwether.supplier u on u.id = o.supplier_id
            where u.external_id = ${stored.supplierId} and o.model_name = ${stored.modelName} and o.about = ${about}
              and o.replaced_by is null and not o.withdrawn and o.id <> ${stored.id}::uuid`);
          return rowCount !== 0;
        },
        async replace(replaced, by) {
          const id = newId();
          const at = now();
          const { modelName, source, recordedBy: actor, note, withdrawn } = by;
          await writeOutcomes(
            db,
            [{ id, draft: by, replaces: replaced.id }],
            { modelName, source, actor, at },
            withdrawn,
          );
          const { occurred, happenedOn, knownOn } = by;
          const before = { occurred: replaced.occurred, happenedOn: replaced.happenedOn, knownOn: replaced.knownOn };
          const payload = JSON.stringify({
            ...{
              outcomeId: id,
              replaces: replaced.id,
              supplierId: replaced.supplierId,
              modelName,
              reason: note,
              withdrawn,
            },
            ...{ before, after: { occurred, happenedOn, knownOn } },
          });
          const nowUs = BigInt(at.getTime()) * 1000n;
          const event = { kind: "outcomes.corrected", actor, subject: `outcome/${replaced.id}`, payload };
          await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: nowUs }], nowUs);
          const stored = await find(db, id, undefined);
          if (!stored) throw new Error("the outcome that was just written is not there");
          return stored;
        },
      }),
    );
}

async function find(db: Db, outcomeId: string, scope: SupplierScope | undefined) {
  const { rows } = await db.execute<OutcomeRow>(sql`
    select ${OUTCOME_COLUMNS} from bellwether.outcome o join bellwether.supplier u on u.id = o.supplier_id
    where o.id = ${outcomeId}::uuid${andInScope(scope, sql`u`)}`);
  return rows[0] && outcomeFromRow(rows[0]);
}
