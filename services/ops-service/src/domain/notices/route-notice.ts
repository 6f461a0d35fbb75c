import type { NoticeRoutes, RouteCondition } from "@bellwether/config/notice-routes";
import type { NoticeKind } from "./notice.ts";
import type { NoticeEvent } from "./notice-event.ts";
import { dueTime } from "./quiet-hours.ts";

/** What routes ask about the supplier of an event. */
export interface RoutedSupplier {
  /** Empty: not known. */
  readonly region: string;
  readonly category: string;
  /** Owner of the supplier by master data. Empty: nobody. */
  readonly owner: string;
}

/** The deputy of each owner who is away, by the owner's name. */
export type Deputies = ReadonlyMap<string, string>;

/** Who gets notices because of somebody else, or of a list. */
export interface NoticePeople {
  readonly deputies: Deputies;
  /** Owners of watchlists with the supplier of the event, who see it. */
  readonly watchers: readonly string[];
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

/** Returns who owns what an event is about: the owner of the alert, else that of the supplier. Empty: nobody. */
export function ownerOf(event: Pick<NoticeEvent, "owner">, supplier: Pick<RoutedSupplier, "owner">): string {
  return event.owner || supplier.owner;
}

/**
 * Returns the destinations of an event. Each destination is returned at most once: for immediate delivery if one of
 * its routes requires this, otherwise for the next digest. Quiet hours delay both. Empty: no route matches the event.
 * What is for an owner who is away goes to the deputy, or to the owner if the deputy has no destination. The owners of watchlists with the
 * supplier get what rules raised or made worse.
 */
export function routeNotice(
  event: NoticeEvent,
  supplier: RoutedSupplier,
  routes: NoticeRoutes,
  { deputies, watchers }: NoticePeople,
  now: Date,
): readonly RoutedNotice[] {
  const known = new Map(routes.destinations.map((one) => [one.name, one]));
  const routed = new Map<string, RoutedNotice>();
  for (const { names, recipient, deliver } of receiversOf(event, supplier, routes, { deputies, watchers }))
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

function receiversOf(
  event: NoticeEvent,
  supplier: RoutedSupplier,
  routes: NoticeRoutes,
  { deputies, watchers }: NoticePeople,
): Receivers[] {
  const owner = ownerOf(event, supplier);
  const ofOwner = (name: string, deliver: Receivers["deliver"]): Receivers => {
    const deputy = deputies.get(name);
    const recipient = deputy !== undefined && routes.owners.has(deputy) ? deputy : name;
    return { names: routes.owners.get(recipient) ?? [], recipient, deliver };
  };
  const { escalation, assignments } = routes;
  if (event.cause === "assigned") return assignments === "off" ? [] : [ofOwner(event.assignee, assignments)];
  if (event.cause === "not_taken") {
    if (!escalation) return [];
    const toAll = { names: escalation.to, recipient: "", deliver: "at_once" } as const;
    return [...(escalation.toOwner ? [ofOwner(owner, "at_once")] : []), toAll];
  }
  const { watchlists } = routes;
  // A watchlist is not handed to a deputy: it can be private.
  const ofWatchers =
    watchlists === "off"
      ? []
      : watchers.map((name) => ({ names: routes.owners.get(name) ?? [], recipient: name, deliver: watchlists }));
  const ofRoutes = routes.routes
    .filter((route) => meets(event, { ...supplier, owner }, route))
    .flatMap(({ to, toOwner, deliver }) => [
      ...(toOwner ? [ofOwner(owner, deliver)] : []),
      { names: to, recipient: "", deliver },
    ]);
  // The recipient of a route counts before a watcher with the same destination.
  return [...ofWatchers, ...ofRoutes];
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
