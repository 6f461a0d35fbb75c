import { timeFromUs } from "@bellwether/contract/audit/micro-time";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { AuditRecord } from "../../domain/audit/audit-chain.ts";
import type {
  ExportBacklog,
  ExportCursor,
  ExportLog,
  ExportStream,
  LoggedEvent,
} from "../../domain/exports/event-export.ts";
import { recordsAfter } from "../audit/audit-records.ts";
import type { Db } from "../database.ts";
import { createSettledAlerts } from "./settled-alerts.ts";

/** Creates the access to the logs and to the cursors of the sinks. */
export function createExportLog(db: Db): ExportLog {
  const readSettledAlerts = createSettledAlerts(db);
  const move = async ({ sink, stream, claim }: ExportCursor, set: SQL): Promise<boolean> => {
    const { rowCount } = await db.execute(sql`
      update bellwether.event_export set ${set}
      where sink = ${sink} and stream = ${stream} and claim = ${claim}::int`);
    return rowCount === 1;
  };
  return {
    async claim(sink, stream, leaseMs) {
      await db.execute(
        sql`insert into bellwether.event_export (sink, stream) values (${sink}, ${stream}) on conflict do nothing`,
      );
      const { rows } = await db.execute<{ position: number; plannedEnd: number | null; claim: number }>(sql`
        update bellwether.event_export
        set claim = claim + 1, claimed_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
        where sink = ${sink} and stream = ${stream}
          and (claimed_until is null or claimed_until <= clock_timestamp())
        returning position::float8 as position, planned_end::float8 as "plannedEnd", claim`);
      const [row] = rows;
      return row ? { sink, stream, ...row } : null;
    },
    async read(stream, after, limit) {
      if (stream === "audit") return (await recordsAfter(db, after, limit)).map(eventFromRecord);
      return await readAlertEvents(db, after, await readSettledAlerts(), limit);
    },
    plan: (cursor, plannedEnd) => move(cursor, sql`planned_end = ${plannedEnd}::bigint`),
    advance: (cursor, position) =>
      move(cursor, sql`position = ${position}::bigint, planned_end = null, claimed_until = null`),
    release: async (cursor) => void (await move(cursor, sql`claimed_until = null`)),
    readBacklog: (sink, stream) => readBacklog(db, sink, stream),
  };
}

function eventFromRecord(record: AuditRecord): LoggedEvent {
  const { sequence, eventId, kind, subject, actor, payload, occurredUs, recordedUs } = record;
  const { payloadHash: payload_hash, previousHash: previous_hash, hash, salt } = record;
  const { recordedBy: recorded_by, hashVersion: hash_version } = record;
  const chained = { payload_hash, previous_hash, hash, hash_version, recorded_by, salt };
  const rest = JSON.stringify({ actor, recorded_at: timeFromUs(recordedUs), ...chained });
  // The payload is JSON, or empty when there are no details, or null when it was erased.
  const dataJson = `${rest.slice(0, -1)},"payload":${payload || "null"}}`;
  return {
    position: sequence,
    recordedMs: Number(recordedUs / 1000n),
    event: {
      ...{ id: eventId, source: "/bellwether/ops-service/audit", type: `bellwether.${kind}`, subject },
      ...{ time: timeFromUs(occurredUs), sequence, dataJson },
    },
  };
}

interface AlertEventRow {
  readonly [name: string]: unknown;
  readonly position: number;
  readonly ms: number;
  readonly time: string;
  readonly kind: string;
  readonly supplier: string;
  readonly alertId: string;
  readonly data: string;
}

/** The data have only what never changes, so that an event that is sent again is the same. */
async function readAlertEvents(db: Db, after: number, upTo: number, limit: number): Promise<readonly LoggedEvent[]> {
  const utc = sql.raw(`e.occurred_at at time zone 'UTC'`);
  const { rows } = await db.execute<AlertEventRow>(sql`
    select e.id::float8 as position, (extract(epoch from e.occurred_at) * 1000)::float8 as ms,
      to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time,
      e.kind::text as kind, s.external_id as supplier, e.alert_id::text as "alertId",
      json_build_object('alert_id', e.alert_id, 'model', a.model_name, 'rule', a.rule_id, 'dimension', a.dimension,
        'actor', e.actor, 'note', e.note, 'detail', e.detail, 'risk_score', e.risk_score, 'version', e.version,
        'iso_week', r.iso_week)::text as data
    from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id
      join bellwether.supplier s on s.id = a.supplier_id left join bellwether.run r on r.id = e.run_id
    where e.id > ${after}::bigint and e.id <= ${upTo}::bigint order by e.id limit ${limit}`);
  return rows.map(({ position, ms, time, kind, supplier, alertId, data }) => ({
    position,
    recordedMs: Math.floor(ms),
    event: {
      ...{ id: `${alertId}-${position}`, source: "/bellwether/ops-service/alerts", type: `bellwether.alert.${kind}` },
      ...{ subject: supplier, time, sequence: position, dataJson: data },
    },
  }));
}

async function readBacklog(db: Db, sink: ExportCursor["sink"], stream: ExportStream): Promise<ExportBacklog> {
  const [newest, oldest] =
    stream === "audit"
      ? [
          sql`select sequence from bellwether.audit_head`,
          sql`select recorded_us / 1e6 from bellwether.audit_event where sequence > c.position order by sequence limit 1`,
        ]
      : [
          sql`select max(id) from bellwether.alert_event`,
          sql`select extract(epoch from occurred_at) from bellwether.alert_event where id > c.position order by id limit 1`,
        ];
  const { rows } = await db.execute<{ events: number; age: number | null }>(sql`
    with c as (
      select coalesce(max(position), 0) as position from bellwether.event_export
      where sink = ${sink} and stream = ${stream}
    )
    select greatest(0, coalesce((${newest}), 0) - c.position)::float8 as events,
      (extract(epoch from now()) - (${oldest}))::float8 as age
    from c`);
  return { sink, stream, events: rows[0]?.events ?? 0, oldestAgeS: Math.max(0, rows[0]?.age ?? 0) };
}
