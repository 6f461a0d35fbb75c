import type { DestinationSpec, NoticeRoutes, RouteCondition } from "@bellwether/config/notice-routes";
import { afterQuietHours, dueTime, isQuietAt } from "./quiet-hours.ts";
import type { DestinationState } from "./stored-notice.ts";

/** A part of the routes file that sends notices to a destination. */
export interface DestinationRule extends RouteCondition {
  readonly kind: "route" | "assignment" | "watchlist" | "escalation";
  /** Name of the route. Empty for the other kinds. */
  readonly route: string;
  /** Whether only alerts of the destination's owners are meant. */
  readonly isOwnedOnly: boolean;
  readonly isInDigest: boolean;
  /** Only of the escalation. Null: it is another rule. */
  readonly afterMs: number | null;
}

const ANY: RouteCondition = { severities: [], regions: [], categories: [], owners: [] };

/** Returns which rules send notices to a destination, and the owners whose notices it gets. */
export function destinationRules(
  name: string,
  { routes, owners, assignments, watchlists, escalation }: NoticeRoutes,
): { readonly rules: readonly DestinationRule[]; readonly owners: readonly string[] } {
  const ofOwners = [...owners].flatMap(([owner, to]) => (to.includes(name) ? [owner] : []));
  const isMeant = (to: readonly string[], toOwner: boolean): boolean =>
    to.includes(name) || (toOwner && ofOwners.length > 0);
  const rules: DestinationRule[] = routes
    .filter(({ to, toOwner }) => isMeant(to, toOwner))
    .map(({ name: route, to, toOwner: _, deliver, ...condition }) => ({
      ...condition,
      ...{ kind: "route", route, isOwnedOnly: !to.includes(name), isInDigest: deliver === "digest", afterMs: null },
    }));
  if (assignments !== "off" && ofOwners.length > 0)
    rules.push({
      ...ANY,
      ...{ kind: "assignment", route: "", isOwnedOnly: true, isInDigest: assignments === "digest", afterMs: null },
    });
  if (watchlists !== "off" && ofOwners.length > 0)
    rules.push({
      ...ANY,
      ...{ kind: "watchlist", route: "", isOwnedOnly: false, isInDigest: watchlists === "digest", afterMs: null },
    });
  if (escalation && isMeant(escalation.to, escalation.toOwner)) {
    const { severities, afterMs, to } = escalation;
    const isOwnedOnly = !to.includes(name);
    rules.push({ ...ANY, severities, kind: "escalation", route: "", isOwnedOnly, isInDigest: false, afterMs });
  }
  return { rules, owners: ofOwners };
}

/** Why no notice is sent for any event. */
export type NoNoticesReason = "no_routes_file" | "no_destinations" | "no_routes";

/** Returns why a routes file sends nothing. Null: it sends notices. */
export function noNoticesReason(routes: NoticeRoutes): NoNoticesReason | null {
  if (routes.destinations.length === 0) return "no_destinations";
  return routes.destinations.some(({ name }) => destinationRules(name, routes).rules.length > 0) ? null : "no_routes";
}

/** Says in one sentence why no notice is sent, and what to do. @param path of the routes file */
export function noNoticesText(reason: NoNoticesReason, path: string): string {
  const add = "add destinations and routes, and restart ops-service";
  if (reason === "no_routes_file") return `no notice of an alert will ever be sent: there is no ${path}; ${add}`;
  if (reason === "no_destinations")
    return `no notice of an alert will ever be sent: ${path} has no destinations; ${add}`;
  return `no notice of an alert will ever be sent: no route, owner or escalation of ${path} sends anything to a destination; add routes, and restart ops-service`;
}

/** When a destination gets notices. Null: never, because it is disabled, or there is nothing to send. */
export interface DeliveryTimes {
  readonly isQuiet: boolean;
  /** When something that waits is due. */
  readonly nextDeliveryAt: Date | null;
  /** When something that happens now would be sent. */
  readonly nextAtOnceAt: Date | null;
  readonly nextDigestAt: Date | null;
}

/** Returns when a destination gets its next notices. */
export function deliveryTimes(
  destination: DestinationSpec,
  { disabledAt, nextDueAt }: Pick<DestinationState, "disabledAt" | "nextDueAt">,
  now: Date,
): DeliveryTimes {
  const isQuiet = isQuietAt(destination, now);
  if (disabledAt) return { isQuiet, nextDeliveryAt: null, nextAtOnceAt: null, nextDigestAt: null };
  const due = nextDueAt && new Date(Math.max(nextDueAt.getTime(), now.getTime()));
  return {
    isQuiet,
    nextDeliveryAt: due && afterQuietHours(destination, due),
    nextAtOnceAt: afterQuietHours(destination, now),
    nextDigestAt: destination.digest && dueTime(destination, false, now),
  };
}
