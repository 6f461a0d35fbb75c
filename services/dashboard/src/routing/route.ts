import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { isoWeekNumber } from "@bellwether/contract/iso-week";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";

/** The filter of the alerts page. */
export interface AlertFilter {
  /** The states of the alerts that are shown, at least one. */
  readonly states: readonly AlertState[];
  /** The severity of the alerts that are shown. UNSPECIFIED: all. */
  readonly severity: AlertSeverity;
  /** Name of the model whose alerts are shown. Undefined: alerts of all models. */
  readonly modelName?: string;
}

/**
 * What the dashboard shows. It is in the address after "#", because ops-service answers /alerts and other
 * paths with JSON.
 */
export type Place =
  | { readonly page: "alerts"; readonly filter: AlertFilter }
  /** `modelName` undefined: the page shows the default model of the server. */
  | { readonly page: "suppliers"; readonly band: Band; readonly modelName?: string }
  /** `alertId`: the alert that is scrolled to. */
  | { readonly page: "supplier"; readonly supplierId: string; readonly modelName?: string; readonly alertId?: string }
  /**
   * `isoWeek` "": the page shows the latest run. `modelName` undefined: it shows the run that was started
   * last, of any model.
   */
  | { readonly page: "run"; readonly isoWeek: string; readonly modelName?: string }
  /** `code`: of a one-time link; empty: there is none. */
  | { readonly page: "sign-in"; readonly code: string }
  /** The end of a sign-in in a new tab. */
  | { readonly page: "signed-in" }
  | { readonly page: "nowhere" };

type Names<V extends number> = Readonly<Record<string, V>>;
const STATES: Names<AlertState> = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  in_mitigation: AlertState.IN_MITIGATION,
  resolved: AlertState.RESOLVED,
};
const SEVERITIES: Names<AlertSeverity> = { warning: AlertSeverity.WARNING, critical: AlertSeverity.CRITICAL };

/** The alerts that need a decision. */
export const ACTIVE_ALERTS: AlertFilter = {
  states: [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION],
  severity: AlertSeverity.UNSPECIFIED,
};

/** Parses the part of an address after "#". Unknown filters are ignored; an unknown page is "nowhere". */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const wanted = new URLSearchParams(query);
  const modelName = wanted.get("model");
  const ofModel = modelName ? { modelName } : {};
  const [page = "", argument = "", ...more] = path.replace(/^\//, "").split("/");
  if (more.length > 0) return { page: "nowhere" };
  if ((page === "" || page === "alerts") && argument === "") {
    const states = (wanted.get("state") ?? "").split(",").flatMap((name) => named(STATES, name) ?? []);
    const severity = named(SEVERITIES, wanted.get("severity") ?? "") ?? AlertSeverity.UNSPECIFIED;
    return {
      page: "alerts",
      filter: { states: states.length > 0 ? states : ACTIVE_ALERTS.states, severity, ...ofModel },
    };
  }
  if (page === "suppliers" && argument === "") {
    return {
      page: "suppliers",
      band: named<Band>(BAND_NUMBERS, wanted.get("band") ?? "") ?? Band.UNSPECIFIED,
      ...ofModel,
    };
  }
  if (page === "suppliers") {
    const supplierId = decoded(argument);
    const alertId = wanted.get("alert");
    return supplierId ? { page: "supplier", supplierId, ...ofModel, ...(alertId && { alertId }) } : { page: "nowhere" };
  }
  if (page === "run" && (argument === "" || isoWeekNumber(argument) !== undefined)) {
    return { page: "run", isoWeek: argument, ...ofModel };
  }
  if (page === "sign-in" && argument === "") return { page: "sign-in", code: wanted.get("code") ?? "" };
  if (page === "signed-in" && argument === "") return { page: "signed-in" };
  return { page: "nowhere" };
}

/** Returns the address of a place, from "#" on. `placeOf` parses it. */
export function hrefOf(place: Exclude<Place, { page: "nowhere" }>): string {
  if (place.page === "sign-in" || place.page === "signed-in") return `#/${place.page}`;
  if (place.page === "supplier") {
    const query = queryOf({ model: place.modelName, alert: place.alertId });
    return `#/suppliers/${encodeURIComponent(place.supplierId)}${query}`;
  }
  if (place.page === "run") {
    return `${place.isoWeek === "" ? "#/run" : `#/run/${place.isoWeek}`}${queryOf({ model: place.modelName })}`;
  }
  if (place.page === "suppliers") {
    const band = place.band ? nameOf(BAND_NUMBERS, place.band) : undefined;
    return `#/suppliers${queryOf({ band, model: place.modelName })}`;
  }
  const { states, severity, modelName } = place.filter;
  const isDefault =
    states.length === ACTIVE_ALERTS.states.length && ACTIVE_ALERTS.states.every((state) => states.includes(state));
  const query = queryOf({
    state: isDefault ? undefined : states.map((state) => nameOf(STATES, state)).join(","),
    severity: severity ? nameOf(SEVERITIES, severity) : undefined,
    model: modelName,
  });
  return `#/alerts${query}`;
}

/** Returns the query, from "?" on. Undefined and empty values are left out. */
function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value ? [`${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`] : [],
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
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
