import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { type MergeLinks, NO_MERGES, withMembers } from "./domain/merges/merge-links.ts";
import type { AlertDependencies } from "./rpc/alerts/alerts.ts";
import { shareNext } from "./rpc/share-next.ts";
import { listChanged, listChangedAfter, newestSequence } from "./store/alerts/alert-changes.ts";
import type { AlertScope } from "./store/alerts/alert-conditions.ts";
import { countAlerts, countScope, scopeOf } from "./store/alerts/alert-counts.ts";
import { listAlertEvents } from "./store/alerts/alert-events.ts";
import { withReasons } from "./store/alerts/alert-reasons.ts";
import { withSurvivors } from "./store/alerts/alert-survivors.ts";
import { type AlertView, findAlert, findAlerts, listAlerts } from "./store/alerts/alerts.ts";
import type { Database, Db } from "./store/database.ts";
import { findSupplierNumber } from "./store/suppliers/suppliers.ts";
import { watchedNumbers } from "./store/watchlists/read-watchlists.ts";

type Reads = Pick<
  AlertDependencies,
  | "countScope"
  | "findAlert"
  | "findDecided"
  | "findSupplierNumber"
  | "links"
  | "listAlertEvents"
  | "listAlerts"
  | "listChanged"
  | "listChangedAfter"
  | "newestSequence"
  | "watchedNumbers"
  | "withSurvivors"
>;

/**
 * Returns the reads of alerts. An alert stays with its supplier, and names the one into which that is merged; callers with a scope see each
 * supplier apart.
 */
export function createAlertReads(
  { db, triage }: Pick<Database, "db" | "triage">,
  links: () => MergeLinks,
  now: () => Date,
): Reads {
  const countsOf = shareNext((scope: AlertScope) => countScope(db, scope, now()), JSON.stringify);
  const linksFor = (scope: SupplierScope | undefined): MergeLinks => (scope === undefined ? links() : NO_MERGES);
  const shown = async (from: Db, views: readonly AlertView[], scope: SupplierScope | undefined) =>
    withSurvivors(from, linksFor(scope), await withReasons(from, views));
  return {
    async countScope(query) {
      const counts = await countsOf(scopeOf(query));
      return (mine) => countAlerts(db, query, counts, mine);
    },
    listAlerts: async (query, order, limit) => shown(db, await listAlerts(db, query, order, limit), query.callerScope),
    async findAlert(alertId, scope) {
      const found = await findAlert(db, alertId, scope);
      return found && (await shown(db, [found], scope))[0];
    },
    findDecided: async (alertIds, scope) => shown(triage.db, await findAlerts(triage.db, alertIds, scope), scope),
    listAlertEvents: (alertId, limit) => listAlertEvents(db, alertId, limit),
    newestSequence: () => newestSequence(db),
    listChanged: async (sequence, limit) => withReasons(db, await listChanged(db, sequence, limit)),
    listChangedAfter: async (position, limit) => withReasons(db, await listChangedAfter(db, position, limit)),
    findSupplierNumber: (supplierId, scope) => findSupplierNumber(db, supplierId, scope),
    links,
    withSurvivors: (views) => withSurvivors(db, links(), views),
    watchedNumbers: async (id, caller) => withMembers(linksFor(caller.scope), await watchedNumbers(db, id, caller)),
  };
}
