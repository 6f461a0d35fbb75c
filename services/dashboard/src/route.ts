import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { isoWeekNumber } from "./plots/iso-week.ts";

/** Which alerts a reader wants to see. */
export interface AlertFilter {
  /** Never empty. */
  readonly states: readonly AlertState[];
  /** UNSPECIFIED: all. */
  readonly severity: AlertSeverity;
}

/** What the page shows. It stands in the address behind "#", because ops answers /alerts and others as JSON. */
export type Place =
  | { readonly page: "alerts"; readonly filter: AlertFilter }
  | { readonly page: "suppliers"; readonly band: Band }
  | { readonly page: "supplier"; readonly supplierId: string }
  /** Without a week: the latest run. */
  | { readonly page: "run"; readonly isoWeek: string }
  | { readonly page: "nowhere" };

type Names<V extends number> = Readonly<Record<string, V>>;
const STATES: Names<AlertState> = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  resolved: AlertState.RESOLVED,
};
const SEVERITIES: Names<AlertSeverity> = { warning: AlertSeverity.WARNING, critical: AlertSeverity.CRITICAL };
const BANDS: Names<Band> = { unknown: Band.UNKNOWN, low: Band.LOW, medium: Band.MEDIUM, high: Band.HIGH };

/** What still wants a decision. */
export const ACTIVE_ALERTS: AlertFilter = {
  states: [AlertState.OPEN, AlertState.ACKNOWLEDGED],
  severity: AlertSeverity.UNSPECIFIED,
};

/** Reads the part of an address behind "#". Unknown filters fall away, an unknown page is "nowhere". */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const wanted = new URLSearchParams(query);
  const [page = "", argument = "", ...more] = path.replace(/^\//, "").split("/");
  if (more.length > 0) return { page: "nowhere" };
  if ((page === "" || page === "alerts") && argument === "") {
    const states = (wanted.get("state") ?? "").split(",").flatMap((name) => named(STATES, name) ?? []);
    const severity = named(SEVERITIES, wanted.get("severity") ?? "") ?? AlertSeverity.UNSPECIFIED;
    return { page: "alerts", filter: { states: states.length > 0 ? states : ACTIVE_ALERTS.states, severity } };
  }
  if (page === "suppliers" && argument === "") {
    return { page: "suppliers", band: named(BANDS, wanted.get("band") ?? "") ?? Band.UNSPECIFIED };
  }
  if (page === "suppliers") {
    const supplierId = decoded(argument);
    return supplierId ? { page: "supplier", supplierId } : { page: "nowhere" };
  }
  if (page === "run" && (argument === "" || isoWeekNumber(argument) !== undefined)) {
    return { page: "run", isoWeek: argument };
  }
  return { page: "nowhere" };
}

/** The address of a place, from "#" on: `placeOf` reads it back. */
export function hrefOf(place: Exclude<Place, { page: "nowhere" }>): string {
  if (place.page === "supplier") return `#/suppliers/${encodeURIComponent(place.supplierId)}`;
  if (place.page === "run") return place.isoWeek === "" ? "#/run" : `#/run/${place.isoWeek}`;
  if (place.page === "suppliers") return `#/suppliers${place.band ? `?band=${nameOf(BANDS, place.band)}` : ""}`;
  const { states, severity } = place.filter;
  const isDefault = states.length === 2 && ACTIVE_ALERTS.states.every((state) => states.includes(state));
  const query = [
    ...(isDefault ? [] : [`state=${states.map((state) => nameOf(STATES, state)).join(",")}`]),
    ...(severity ? [`severity=${nameOf(SEVERITIES, severity)}`] : []),
  ].join("&");
  return `#/alerts${query && `?${query}`}`;
}

function named<V extends number>(names: Names<V>, name: string): V | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

function nameOf(names: Names<number>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
