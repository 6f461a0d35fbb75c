import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { and, eq, getTableColumns, sql } from "@bellwether/postgres/drizzle/drizzle";
import { lockError } from "@bellwether/postgres/pool/transient-error";
import { endTerms } from "../../domain/alerts/alert.ts";
import type { AlertTransaction, KnownSupplier } from "../../domain/alerts/triage-alert.ts";
import type { AuditEvent } from "../../domain/audit/audit-chain.ts";
import { AlertBusyError } from "../../domain/ops-error.ts";
import type { Db, InTransaction, Store } from "../database.ts";
import { claimKey } from "../request-keys.ts";
import { alert, alertEvent } from "../schema.ts";
import { eventFromRow } from "./alert-events.ts";
import { type AlertWriterOptions, createAlertWriter, ROW_VERSION } from "./alert-writer.ts";
import { alertFromRow, ofScope } from "./alerts.ts";

/** The external functions that triage uses. */
export interface TriageOptions extends AlertWriterOptions {
  readonly newId: () => string;
}

/** The action needs a transaction. */
class NeedsLockError extends Error {}

/** Attempts without a lock, after which an action locks its alert. */
const MAX_ATTEMPTS = 3;

/**
 * Runs an action on an alert, of which all or nothing is stored. For it, alerts outside of the scope do not exist. An action
 * reads its alert without a lock, and writes in one statement that does nothing when the alert has changed since: a lock
 * would be held until the next messages from this process, and the other actions would wait. An action with a key of its
 * request, or of an alert that changes all the time, runs in a transaction that locks the alert.
 * @throws AlertBusyError when the alert stays locked by others
 */
export function createTriage({ db, inTransaction }: Store, options: TriageOptions) {
  type Work = (transaction: AlertTransaction) => Promise<void>;
  const alone = async (scope: SupplierScope | undefined, work: Work): Promise<"done" | "lost" | "needs a lock"> => {
    const state = { rowVersion: "", isWritten: true };
    try {
      await work({
        ...readsOf(db, scope),
        claim: () => Promise.reject(new NeedsLockError()),
        async lock(alertId) {
          const columns = { ...getTableColumns(alert), rowVersion: ROW_VERSION };
          const [found] = await db.select(columns).from(alert).where(isTarget(scope, alertId));
          if (!found) return undefined;
          const { rowVersion, ...row } = found;
          state.rowVersion = rowVersion;
          return alertFromRow(row);
        },
        async write(change, event) {
          state.isWritten = await createAlertWriter(db, options).writeAction(
            change,
            audited(event, options),
            state.rowVersion,
          );
        },
      });
      return state.isWritten ? "done" : "lost";
    } catch (error) {
      if (error instanceof NeedsLockError) return "needs a lock";
      throw error;
    }
  };
  const locked = (scope: SupplierScope | undefined, work: Work): Promise<void> =>
    inTransaction(async ({ db: tx }) => {
      await work({
        ...readsOf(tx, scope),
        claim: async (key) => void (await claimKey(tx, key)),
        async lock(alertId) {
          const [row] = await tx.select().from(alert).where(isTarget(scope, alertId)).for("no key update");
          return row && alertFromRow(row);
        },
        async write(change, event) {
          await createAlertWriter(tx, options).writeAction(change, audited(event, options), null);
        },
      });
    });
  return async (scope: SupplierScope | undefined, work: Work): Promise<void> => {
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const how = await alone(scope, work);
        if (how === "done") return;
        if (how === "needs a lock") break;
      }
      await locked(scope, work);
    } catch (error) {
      throw lockError(error) ? new AlertBusyError({ cause: error }) : error;
    }
  };
}

const isTarget = (scope: SupplierScope | undefined, alertId: string) => and(eq(alert.id, alertId), ...ofScope(scope));

/** The reads of an action that need no lock. */
function readsOf(db: Db, scope: SupplierScope | undefined): Pick<AlertTransaction, "find" | "suppliers" | "actionAt"> {
  return {
    async find(alertId) {
      const columns = { id: alert.id, duplicateOf: alert.duplicateOf, supplierId: alert.supplierId };
      return (await db.select(columns).from(alert).where(isTarget(scope, alertId)))[0];
    },
    async suppliers(numbers) {
      const { rows } = await db.execute<KnownSupplier & Record<string, unknown>>(sql`
        select u.id as number, u.external_id as "externalId", coalesce(m.survivor_id, u.id) as survivor
        from bellwether.supplier u
        left join bellwether.supplier_merge m on m.merged_id = u.id and m.undone_at is null
        where u.id = any(${sql.param([...numbers])}::int[])`);
      return rows;
    },
    async actionAt(alertId, seenVersion) {
      const condition = and(eq(alertEvent.alertId, alertId), eq(alertEvent.seenVersion, seenVersion));
      const [row] = await db.select().from(alertEvent).where(condition);
      return row && eventFromRow(row);
    },
  };
}

const audited = (event: Omit<AuditEvent, "eventId" | "occurredUs">, { now, newId }: TriageOptions): AuditEvent => ({
  ...event,
  eventId: newId(),
  occurredUs: BigInt(now().getTime()) * 1000n,
});

/** Maximum number of alerts whose terms end in one transaction. */
const TERMS_PER_TRANSACTION = 200;

/**
 * Ends the snoozes and overrides whose time is over, up to 200. Returns how many alerts it changed. Alerts that
 * another transaction changes at the same time are left for the next call. The end of a term is not a change of the risk,
 * so nobody is notified.
 */
export function endDueTerms(inTransaction: InTransaction, now: Date): Promise<number> {
  return inTransaction(async ({ db }) => {
    const rows = await db
      .select()
      .from(alert)
      .where(
        sql`state <> 'resolved' and (snoozed_until is not null or override_until is not null) and least(snoozed_until, override_until) <= ${now.toISOString()}::timestamptz`,
      )
      .limit(TERMS_PER_TRANSACTION)
      .for("no key update", { skipLocked: true });
    const changes = rows.flatMap((row) => endTerms(alertFromRow(row), now) ?? []);
    const writer = createAlertWriter(db, { recordNotices: false, now: () => now });
    await writer.save(changes);
    await writer.finish();
    return changes.length;
  });
}
