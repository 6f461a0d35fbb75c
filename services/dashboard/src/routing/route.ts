import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { DESTINATION_NAME_PATTERN } from "@bellwether/contract/destination-name";
import { isoWeekNumber } from "@bellwether/contract/iso-week";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { SupplierOrder } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type InboxView, inboxQueryOf, inboxViewOf } from "./inbox-view.ts";
import { type Names, named, nameOf, queryOf, uuidOf } from "./query.ts";
import {
  type AuditView,
  auditQueryOf,
  auditViewOf,
  type ModelsView,
  modelsQueryOf,
  modelsViewOf,
} from "./record-views.ts";

/** What the list of suppliers shows. */
export interface SuppliersView {
  /** UNSPECIFIED: all bands. */
  readonly band: Band;
  /** UNSPECIFIED: highest expected impact first. */
  readonly order: SupplierOrder;
  /** Only suppliers whose score is based on few features. */
  readonly incomplete: boolean;
  /** Only suppliers with a score whose exposure is not known. */
  readonly withoutExposure: boolean;
  /** Text of the name or of an id. Empty: all suppliers. */
  readonly text: string;
  /** Undefined: the default model of the server. */
  readonly modelName?: string;
  /** ISO week. Undefined: the latest complete one. */
  readonly isoWeek?: string;
  /** Only suppliers of this watchlist. Undefined or empty: all. */
  readonly watchlistId?: string;
}

/** All suppliers, highest expected impact first. */
export const ALL_SUPPLIERS: SuppliersView = {
  band: Band.UNSPECIFIED,
  order: SupplierOrder.UNSPECIFIED,
  incomplete: false,
  withoutExposure: false,
  text: "",
};

const ORDERS: Names<SupplierOrder> = {
  score: SupplierOrder.SCORE,
  change: SupplierOrder.CHANGE,
  exposure: SupplierOrder.EXPOSURE,
  name: SupplierOrder.NAME,
};
/** What the list of notices shows. */
export interface NoticesView {
  /** Empty: notices in any state. */
  readonly state: "" | "waiting" | "delivered" | "dead";
  /** Name of a destination. Empty: all destinations. */
  readonly destination: string;
}

const NOTICE_STATES: readonly NoticesView["state"][] = ["waiting", "delivered", "dead"];

/** Ids of rule sets, as the contract has them. */
const RULE_SET_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Maximum length of a query of the contract is 200 bytes; a character has at most four. */
const LONGEST_TEXT = 50;

/**
 * What the dashboard shows. It is in the address after "#", because ops-service answers /alerts and other
 * paths with JSON.
 */
export type Place =
  /** `alertId`: the alert whose panel is open. */
  | { readonly page: "alerts"; readonly view: InboxView; readonly alertId?: string }
  /** `isoWeek` "": the latest complete week. `modelName` undefined: the default model of the server. */
  | { readonly page: "week"; readonly isoWeek: string; readonly modelName?: string }
  | ({ readonly page: "suppliers" } & SuppliersView)
  /** `alertId`: the alert that is scrolled to. */
  | { readonly page: "supplier"; readonly supplierId: string; readonly modelName?: string; readonly alertId?: string }
  /**
   * `isoWeek` "": the page shows the latest run. `modelName` undefined: it shows the run that was started
   * last, of any model. `runId`: one of several runs of a week; undefined: the newest.
   */
  | { readonly page: "run"; readonly isoWeek: string; readonly modelName?: string; readonly runId?: number }
  | ({ readonly page: "notices" } & NoticesView)
  /** `modelName` undefined: the default model of the server. */
  | { readonly page: "performance"; readonly modelName?: string }
  | ({ readonly page: "models" } & ModelsView)
  /** `setId` "": the first rule set. `modelName` undefined: the default model of the server. */
  | { readonly page: "rules"; readonly setId: string; readonly modelName?: string }
  /** `watchlistId` "": no list is opened. `supplierId`: the supplier to add or remove; "": none. */
  | { readonly page: "watchlists"; readonly watchlistId: string; readonly supplierId: string }
  | { readonly page: "settings" }
  | ({ readonly page: "audit" } & AuditView)
  /** `code`: of a one-time link; empty: there is none. */
  | { readonly page: "sign-in"; readonly code: string }
  /** The end of a sign-in in a new tab. */
  | { readonly page: "signed-in" }
  | { readonly page: "nowhere" };

/** Parses the part of an address after "#". Unknown filters are ignored; an unknown page is "nowhere". */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const wanted = new URLSearchParams(query);
  const modelName = wanted.get("model");
  const ofModel = modelName ? { modelName } : {};
  const [page = "", argument = "", ...more] = path.replace(/^\//, "").split("/");
  if (more.length > 0) return { page: "nowhere" };
  if ((page === "" || page === "alerts") && argument === "") {
    const alertId = wanted.get("alert");
    return { page: "alerts", view: inboxViewOf(wanted), ...(alertId && { alertId }) };
  }
  if (page === "week" && (argument === "" || isoWeekNumber(argument) !== undefined)) {
    return { page: "week", isoWeek: argument, ...ofModel };
  }
  if (page === "suppliers" && argument === "") {
    const isoWeek = wanted.get("week") ?? "";
    const watchlistId = uuidOf(wanted.get("watchlist"));
    return {
      page: "suppliers",
      band: named<Band>(BAND_NUMBERS, wanted.get("band") ?? "") ?? Band.UNSPECIFIED,
      order: named(ORDERS, wanted.get("order") ?? "") ?? SupplierOrder.UNSPECIFIED,
      incomplete: wanted.get("incomplete") === "yes",
      withoutExposure: wanted.get("exposure") === "unknown",
      text: (wanted.get("text") ?? "").slice(0, LONGEST_TEXT),
      ...ofModel,
      ...(isoWeekNumber(isoWeek) !== undefined && { isoWeek }),
      ...(watchlistId !== "" && { watchlistId }),
    };
  }
  if (page === "suppliers") {
    const supplierId = decoded(argument);
    const alertId = wanted.get("alert");
    return supplierId ? { page: "supplier", supplierId, ...ofModel, ...(alertId && { alertId }) } : { page: "nowhere" };
  }
  if (page === "run" && (argument === "" || isoWeekNumber(argument) !== undefined)) {
    const runId = runIdOf(wanted.get("run"));
    return { page: "run", isoWeek: argument, ...ofModel, ...(runId !== undefined && { runId }) };
  }
  if (page === "rules" && argument === "") {
    const setId = wanted.get("set") ?? "";
    return { page, setId: RULE_SET_PATTERN.test(setId) ? setId : "", ...ofModel };
  }
  if (page === "watchlists" && argument === "") {
    return { page, watchlistId: uuidOf(wanted.get("list")), supplierId: wanted.get("supplier") ?? "" };
  }
  if (page === "settings" && argument === "") return { page };
  if (page === "settings" && argument === "notices") {
    const destination = wanted.get("destination") ?? "";
    return {
      page: "notices",
      state: NOTICE_STATES.find((state) => state === wanted.get("state")) ?? "",
      destination: DESTINATION_NAME_PATTERN.test(destination) ? destination : "",
    };
  }
  if (page === "performance" && argument === "") return { page, ...ofModel };
  if (page === "models" && argument === "") return { page, ...modelsViewOf(wanted) };
  if (page === "audit" && argument === "") return { page, ...auditViewOf(wanted) };
  if (page === "sign-in" && argument === "") return { page: "sign-in", code: wanted.get("code") ?? "" };
  if (page === "signed-in" && argument === "") return { page: "signed-in" };
  return { page: "nowhere" };
}

/** Returns the address of a place, from "#" on. `placeOf` parses it. */
export function hrefOf(place: Exclude<Place, { page: "nowhere" }>): string {
  if (place.page === "sign-in" || place.page === "signed-in") return `#/${place.page}`;
  if (place.page === "settings") return "#/settings";
  if (place.page === "watchlists") {
    return `#/watchlists${queryOf({ list: place.watchlistId, supplier: place.supplierId })}`;
  }
  if (place.page === "rules") return `#/rules${queryOf({ set: place.setId, model: place.modelName })}`;
  if (place.page === "notices") {
    return `#/settings/notices${queryOf({ state: place.state, destination: place.destination })}`;
  }
  if (place.page === "performance") return `#/performance${queryOf({ model: place.modelName })}`;
  if (place.page === "models") return `#/models${modelsQueryOf(place)}`;
  if (place.page === "audit") return `#/audit${auditQueryOf(place)}`;
  if (place.page === "supplier") {
    const query = queryOf({ model: place.modelName, alert: place.alertId });
    return `#/suppliers/${encodeURIComponent(place.supplierId)}${query}`;
  }
  if (place.page === "run") {
    const query = queryOf({ model: place.modelName, run: place.runId === undefined ? undefined : String(place.runId) });
    return `${place.isoWeek === "" ? "#/run" : `#/run/${place.isoWeek}`}${query}`;
  }
  if (place.page === "week") {
    return `${place.isoWeek === "" ? "#/week" : `#/week/${place.isoWeek}`}${queryOf({ model: place.modelName })}`;
  }
  if (place.page === "suppliers") {
    const { band, order, incomplete, withoutExposure, text, modelName, isoWeek, watchlistId } = place;
    return `#/suppliers${queryOf({
      band: band ? nameOf(BAND_NUMBERS, band) : undefined,
      order: order ? nameOf(ORDERS, order) : undefined,
      incomplete: incomplete ? "yes" : undefined,
      exposure: withoutExposure ? "unknown" : undefined,
      text,
      model: modelName,
      week: isoWeek,
      watchlist: watchlistId,
    })}`;
  }
  return `#/alerts${inboxQueryOf(place.view, place.alertId)}`;
}

/** Goes to a place. The address changes at once, and the page with it. */
export function goTo(place: Exclude<Place, { page: "nowhere" }>): void {
  window.location.hash = hrefOf(place);
  // The browser sends its own event one task later: until then the controls would show their old state.
  window.dispatchEvent(new Event("hashchange"));
}

/** Returns the id of a run, 1 to 2^31 − 1. Undefined for any other text. */
function runIdOf(text: string | null): number | undefined {
  const id = /^[1-9][0-9]{0,9}$/.test(text ?? "") ? Number(text) : 0;
  return id >= 1 && id < 2 ** 31 ? id : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
