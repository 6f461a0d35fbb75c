import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOrder, AlertOwnership, AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { ACTIVE_ALERTS, type InboxView, inboxQueryOf, inboxViewOf } from "../routing/inbox-view.ts";

const KEY = "views";
/** Maximum number of views of one reader. */
export const MAX_VIEWS = 20;
const LONGEST_NAME = 60;

/** A view with a name. The address of a view has all of it, so that it can also be bookmarked and sent. */
export interface SavedView {
  readonly name: string;
  readonly view: InboxView;
}

/** The views that every reader has. */
export const GIVEN_VIEWS: readonly SavedView[] = [
  { name: "Most money first", view: { ...ACTIVE_ALERTS, order: AlertOrder.EXPECTED_IMPACT } },
  { name: "Critical without owner", view: nobodysCritical() },
  { name: "Largest rise first", view: { ...ACTIVE_ALERTS, tab: AlertTab.WORSE, order: AlertOrder.SCORE_CHANGE } },
];

function nobodysCritical(): InboxView {
  return { ...ACTIVE_ALERTS, severity: AlertSeverity.CRITICAL, ownership: AlertOwnership.NOBODY };
}

/** Returns the views that were saved, from their stored form. What is not valid is left out. */
export function parseViews(stored: string | null): SavedView[] {
  try {
    const parsed: unknown = JSON.parse(stored ?? "[]");
    if (!Array.isArray(parsed)) return [];
    return parsed.slice(0, MAX_VIEWS).flatMap((one: unknown) => {
      if (!Array.isArray(one)) return [];
      const [name, query] = one;
      if (typeof name !== "string" || typeof query !== "string" || name === "") return [];
      return { name: name.slice(0, LONGEST_NAME), view: inboxViewOf(new URLSearchParams(query)) };
    });
  } catch {
    return [];
  }
}

/** Returns the stored form of views. */
export const storedViews = (views: readonly SavedView[]): string =>
  JSON.stringify(views.map(({ name, view }) => [name, inboxQueryOf(view)]));

/** Returns the views with one more, at the beginning. A view of the same name is replaced. */
export function withView(views: readonly SavedView[], saved: SavedView): SavedView[] {
  const name = saved.name.trim().slice(0, LONGEST_NAME);
  if (name === "") return [...views];
  return [{ ...saved, name }, ...views.filter((one) => one.name !== name)].slice(0, MAX_VIEWS);
}

export function readViews(): SavedView[] {
  try {
    return parseViews(localStorage.getItem(KEY));
  } catch {
    // Storage is not allowed.
    return [];
  }
}

export function storeViews(views: readonly SavedView[]): void {
  try {
    localStorage.setItem(KEY, storedViews(views));
  } catch {
    // Storage is not allowed: the address of the view can be bookmarked.
  }
}
