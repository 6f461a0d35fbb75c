import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { dispositionLabel } from "../../domain/outcomes/disposition-label.ts";
import type { DispositionLabel, LabelSources, RiskEvent, WeekRecord } from "../../domain/outcomes/label-week.ts";
import type { MeasuredRun, PerformanceTask } from "../../domain/outcomes/measure-performance.ts";
import type { Db } from "../database.ts";

/** Maximum number of outcomes, and of resolved alerts, that a measurement reads: the newest ones. */
const MAX_READ = 1_000_000;

/** The model, and the day on which outcomes had to be known. */
type KnownTask = Pick<PerformanceTask, "modelName" | "knownOn">;

/** Reads all that was known about the outcomes of a model. @param runs the runs of the weeks, newest or oldest first */
export async function readLabelSources(
  db: Db,
  task: KnownTask,
  runs: readonly Pick<MeasuredRun, "isoWeek" | "completedMs">[],
): Promise<LabelSources> {
  return { ...(await readOutcomes(db, task)), dispositions: await readDispositions(db, task, runs) };
}

interface OutcomeRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly occurred: boolean;
  readonly isoWeek: string;
  /** Days since 1970. */
  readonly happened: number | null;
  readonly known: number;
}

/** Reads the outcomes that count and were known on the day of the task. */
async function readOutcomes(
  db: Db,
  { modelName, knownOn }: KnownTask,
): Promise<Pick<LabelSources, "events" | "records">> {
  const { rows } = await db.execute<OutcomeRow>(sql`
    select o.supplier_id as supplier, o.occurred, o.iso_week as "isoWeek", o.happened_on - date '1970-01-01' as happened,
      o.known_on - date '1970-01-01' as known
    from bellwether.outcome o
    where o.model_name = ${modelName} and o.replaced_by is null and not o.withdrawn and o.known_on <= ${knownOn}::date
    order by o.number desc limit ${MAX_READ}`);
  const events = new Map<number, RiskEvent[]>();
  const records = new Map<string, Map<number, WeekRecord>>();
  for (const { supplier, occurred, isoWeek, happened, known } of rows) {
    if (happened !== null && occurred) append(events, supplier, { happened, known });
    if (isoWeek === "") continue;
    const ofWeek = records.get(isoWeek) ?? new Map<number, WeekRecord>();
    records.set(isoWeek, ofWeek.set(supplier, { occurred, known }));
  }
  return { events, records };
}

interface ResolvedRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly disposition: string;
  readonly resolvedMs: number;
  readonly raisedWeek: string;
}

/**
 * Reads what persons found when they resolved alerts, from the audit log: an alert that was raised again does not have its earlier
 * dispositions any more. A resolution that its author undid, or after which a person opened the alert again, does not count.
 */
async function readDispositions(
  db: Db,
  { modelName, knownOn }: KnownTask,
  runs: readonly Pick<MeasuredRun, "isoWeek" | "completedMs">[],
): Promise<ReadonlyMap<number, readonly DispositionLabel[]>> {
  const { rows } = await db.execute<ResolvedRow>(sql`
    select a.supplier_id as supplier, e.payload::jsonb ->> 'disposition' as disposition,
      (e.occurred_us / 1000)::float8 as "resolvedMs", r.iso_week as "raisedWeek"
    from bellwether.audit_event e
    join bellwether.alert a on a.id::text = e.subject and a.model_name = ${modelName}
    cross join lateral (
      select coalesce((select v.run_id from bellwether.alert_event v
        where v.alert_id = a.id and v.kind in ('raised', 'reopened') and v.run_id is not null
          and v.occurred_at <= to_timestamp(e.occurred_us / 1e6)
        order by v.id desc limit 1), a.raised_run_id) as run_id
    ) raised
    join bellwether.run r on r.id = raised.run_id
    where e.kind = 'alert.resolved' and e.payload is not null and e.occurred_us < (extract(epoch from ${knownOn}::date + 1) * 1e6)::bigint
      and coalesce((select n.kind from bellwether.audit_event n
        where n.subject = e.subject and n.sequence > e.sequence and n.kind in ('alert.undone', 'alert.reopened', 'alert.resolved')
        order by n.sequence limit 1), 'alert.resolved') = 'alert.resolved'
    order by e.sequence desc limit ${MAX_READ}`);
  const labels = new Map<number, DispositionLabel[]>();
  for (const { supplier, disposition, resolvedMs, raisedWeek } of rows) {
    const occurred = dispositionLabel(disposition);
    if (occurred === null) continue;
    // The runs are newest or oldest first; the alert was about those until its resolution.
    const before = runs.filter(({ completedMs }) => completedMs <= resolvedMs).map(({ isoWeek }) => isoWeek);
    const toWeek = before.reduce((latest, week) => (week > latest ? week : latest), raisedWeek);
    append(labels, supplier, { occurred, known: Math.floor(resolvedMs / 86_400_000), fromWeek: raisedWeek, toWeek });
  }
  return labels;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
