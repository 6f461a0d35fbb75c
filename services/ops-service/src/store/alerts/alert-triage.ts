import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { and, eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import { lockError } from "@bellwether/postgres/pool/transient-error";
import { endTerms } from "../../domain/alerts/alert.ts";
import type { AlertTransaction } from "../../domain/alerts/triage-alert.ts";
import { AlertBusyError } from "../../domain/ops-error.ts";
import type { InTransaction } from "../database.ts";
import { claimKey } from "../request-keys.ts";
import { alert, alertEvent } from "../schema.ts";
import { eventFromRow } from "./alert-events.ts";
import { type AlertWriterOptions, createAlertWriter } from "./alert-writer.ts";
import { alertFromRow, ofScope } from "./alerts.ts";

/** The external functions that triage uses. */
export interface TriageOptions extends AlertWriterOptions {
  readonly newId: () => string;
}

/**
 * Runs an action on an alert in one transaction. For it, alerts outside of the scope do not exist.
 * @throws AlertBusyError when the alert stays locked by others
 */
export function createTriage(inTransaction: InTransaction, options: TriageOptions) {
  const { now, newId } = options;
  return async (
    scope: SupplierScope | undefined,
    work: (transaction: AlertTransaction) => Promise<void>,
  ): Promise<void> => {
    const done = inTransaction(async ({ db }) => {
      const writer = createAlertWriter(db, options);
      await work({
        async claim(key) {
          await claimKey(db, key);
        },
        async lock(alertId) {
          const isTarget = and(eq(alert.id, alertId), ...ofScope(scope));
          const [row] = await db.select().from(alert).where(isTarget).for("no key update");
          return row && alertFromRow(row);
        },
        async find(alertId) {
          const columns = { id: alert.id, duplicateOf: alert.duplicateOf };
          const isOther = and(eq(alert.id, alertId), ...ofScope(scope));
          return (await db.select(columns).from(alert).where(isOther))[0];
        },
        async actionAt(alertId, seenVersion) {
          const condition = and(eq(alertEvent.alertId, alertId), eq(alertEvent.seenVersion, seenVersion));
          const [row] = await db.select().from(alertEvent).where(condition);
          return row && eventFromRow(row);
        },
        async write(change, event) {
          const audited = { ...event, eventId: newId(), occurredUs: BigInt(now().getTime()) * 1000n };
          await writer.writeAction([change], audited);
        },
      });
    });
    await done.catch((error) => {
      throw lockError(error) ? new AlertBusyError({ cause: error }) : error;
    });
  };
}

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
