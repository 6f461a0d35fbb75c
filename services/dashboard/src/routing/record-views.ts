import { cutToBytes } from "./inbox-view.ts";
import { queryOf } from "./query.ts";

/** What the page of the models shows. */
export interface ModelsView {
  /** Empty: the default model of the server. */
  readonly modelName: string;
  /** The version whose card is shown. Empty: the champion. */
  readonly version: string;
  /** The version that it is compared with. Empty: none. */
  readonly other: string;
}

/** Which events of the audit log are listed. Empty: no condition. */
export interface AuditView {
  readonly actor: string;
  readonly kind: string;
  readonly subject: string;
  /** First day, ISO date in UTC. */
  readonly from: string;
  /** Last day, ISO date in UTC. */
  readonly to: string;
  /** Sequence of a record: only later records, in the order of recording. Empty: newest event first. */
  readonly after: string;
}

/** The whole audit log. */
export const ALL_EVENTS: AuditView = { actor: "", kind: "", subject: "", from: "", to: "", after: "" };

/** Maximum sizes of the contract, bytes. */
const MAX_NAME_BYTES = 64;
const MAX_TEXT_BYTES = 256;

/** Parses the query of an address. */
export function modelsViewOf(wanted: URLSearchParams): ModelsView {
  const name = (key: string): string => cutToBytes(wanted.get(key) ?? "", MAX_NAME_BYTES);
  return { modelName: name("model"), version: name("version"), other: name("with") };
}

/** Returns the query of the address, from "?" on. */
export const modelsQueryOf = ({ modelName, version, other }: ModelsView): string =>
  queryOf({ model: modelName, version, with: other });

/** Parses the query of an address. A day that does not exist is ignored. */
export function auditViewOf(wanted: URLSearchParams): AuditView {
  const text = (key: string, max: number): string => cutToBytes(wanted.get(key) ?? "", max);
  const day = (key: string): string => {
    const found = wanted.get(key) ?? "";
    return dayMs(found) === undefined ? "" : found;
  };
  return {
    actor: text("actor", MAX_TEXT_BYTES),
    kind: text("kind", MAX_NAME_BYTES),
    subject: text("subject", MAX_TEXT_BYTES),
    from: day("from"),
    to: day("to"),
    after: sequenceIn(wanted.get("after") ?? ""),
  };
}

/** Returns the query of the address, from "?" on. */
export const auditQueryOf = ({ actor, kind, subject, from, to, after }: AuditView): string =>
  queryOf({ actor, kind, subject, from, to, after });

/** Returns a text that is a sequence of the contract, 0 to 2^53 − 1. Empty for any other text. */
function sequenceIn(text: string): string {
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER ? text : "";
}

/** Returns the beginning of an ISO date in UTC, epoch milliseconds. Undefined for any other text. */
export function dayMs(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isDay = Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
  return isDay && !text.startsWith("0000") ? ms : undefined;
}
