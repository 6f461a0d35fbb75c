import type { DestinationSpec, NoticeRoutes, RouteCondition } from "@bellwether/config/notice-routes";
import { WEEKDAYS } from "@bellwether/config/notice-routes";
import { isWithinDay, minuteOfDay, nextLocalTime } from "./local-time.ts";
import type { NoticeKind } from "./notice.ts";
import type { NoticeEvent } from "./notice-event.ts";

/** What routes ask about the supplier of an event. */
export interface RoutedSupplier {
  /** Empty: not known. */
  readonly region: string;
  readonly category: string;
  /** Owner of the supplier by master data. Empty: nobody. */
  readonly owner: string;
}

/** One destination of an event. */
export interface RoutedNotice {
  readonly destination: string;
  readonly kind: Exclude<NoticeKind, "test">;
  /** For whom it is: an owner, or the name of the destination. */
  readonly recipient: string;
  /** Earliest time at which it may be sent. */
  readonly dueAt: Date;
}

/** What of a destination decides when its notices are sent. */
export type DestinationTimes = Pick<DestinationSpec, "digest" | "timeZone" | "quietHours">;

/** Returns who owns what an event is about: the owner of the alert, else that of the supplier. Empty: nobody. */
export function ownerOf(event: Pick<NoticeEvent, "owner">, supplier: Pick<RoutedSupplier, "owner">): string {
  return event.owner || supplier.owner;
}

/**
 * Returns the destinations of an event, each at most once: at once if one of its routes says so, else in the next
 * digest. Quiet hours delay both. An empty list: no route is for the event.
 */
export function routeNotice(
  event: NoticeEvent,
  supplier: RoutedSupplier,
  routes: NoticeRoutes,
  now: Date,
): readonly RoutedNotice[] {
  const known = new Map(routes.destinations.map((one) => [one.name, one]));
  const routed = new Map<string, RoutedNotice>();
  for (const { names, recipient, deliver } of receiversOf(event, supplier, routes))
    for (const name of names) {
      const destination = known.get(name);
      if (!destination) continue;
      const isAtOnce = deliver === "at_once";
      if (routed.has(name) && !isAtOnce) continue;
      const kind = event.cause === "not_taken" ? "escalation" : isAtOnce ? "alerts" : "digest";
      const dueAt = dueTime(destination, isAtOnce, now);
      routed.set(name, { destination: name, kind, recipient: recipient || name, dueAt });
    }
  return [...routed.values()];
}

interface Receivers {
  readonly names: readonly string[];
  /** Empty: the destination. */
  readonly recipient: string;
  readonly deliver: "at_once" | "digest";
}

function receiversOf(event: NoticeEvent, supplier: RoutedSupplier, routes: NoticeRoutes): Receivers[] {
  const owner = ownerOf(event, supplier);
  const ofOwner = (name: string, deliver: Receivers["deliver"]): Receivers => ({
    names: routes.owners.get(name) ?? [],
    recipient: name,
    deliver,
  });
  const { escalation, assignments } = routes;
  if (event.cause === "assigned") return assignments === "off" ? [] : [ofOwner(event.assignee, assignments)];
  if (event.cause === "not_taken") {
    if (!escalation) return [];
    const toAll = { names: escalation.to, recipient: "", deliver: "at_once" } as const;
    return [...(escalation.toOwner ? [ofOwner(owner, "at_once")] : []), toAll];
  }
  return routes.routes
    .filter((route) => meets(event, { ...supplier, owner }, route))
    .flatMap(({ to, toOwner, deliver }) => [
      ...(toOwner ? [ofOwner(owner, deliver)] : []),
      { names: to, recipient: "", deliver },
    ]);
}

function meets({ severity }: NoticeEvent, supplier: RoutedSupplier, condition: RouteCondition): boolean {
  const allows = (allowed: readonly string[], value: string): boolean =>
    allowed.length === 0 || allowed.includes(value);
  return (
    allows(condition.severities, severity) &&
    allows(condition.regions, supplier.region) &&
    allows(condition.categories, supplier.category) &&
    allows(condition.owners, supplier.owner)
  );
}

/** Returns whether a time is within the quiet hours of a destination. */
export function isQuietAt({ timeZone, quietHours }: DestinationTimes, at: Date): boolean {
  return quietHours !== null && isWithinDay(minuteOfDay(at, timeZone), quietHours.from, quietHours.to);
}

/** Returns the time itself, or the end of the quiet hours that it is in. */
export function afterQuietHours(destination: DestinationTimes, at: Date): Date {
  const { timeZone, quietHours } = destination;
  return quietHours && isQuietAt(destination, at) ? nextLocalTime(at, timeZone, quietHours.to, null) : at;
}

/** Returns when a notice may be sent. A destination without a digest gets it at once. */
export function dueTime(destination: DestinationTimes, isAtOnce: boolean, now: Date): Date {
  const { digest, timeZone } = destination;
  const at =
    isAtOnce || !digest
      ? now
      : nextLocalTime(now, timeZone, digest.at, digest.on === null ? null : WEEKDAYS.indexOf(digest.on));
  return afterQuietHours(destination, at);
}
