import type { TextPaths } from "../../domain/erasures/erase-in-json.ts";

/** A column with texts in which the name of any supplier can be. */
export interface NamedPlace {
  readonly table: string;
  readonly column: string;
  /** Where a column of jsonb has texts. Null: the column is a text. */
  readonly paths: TextPaths | null;
}

const text = (table: string, column: string): NamedPlace => ({ table, column, paths: null });
const json = (table: string, column: string, texts: readonly string[], values?: readonly string[]): NamedPlace => ({
  ...{ table, column },
  paths: { texts, ...(values && { values }) },
});

/**
 * The columns in which people, files and other systems write texts. An erasure replaces the name of the supplier in all of them; texts about
 * the supplier itself are erased as a whole (`erase-subject.ts`). In JSON, only the named members are texts: others are words that this
 * service reads, for example states. A test compares the columns of the database with this list and with WITHOUT_NAMES, so that a new column
 * is in one of them.
 */
export const NAMED_PLACES: readonly NamedPlace[] = [
  json("alert", "override", ["reason"]),
  text("alert_event", "note"),
  json("alert_event", "before", ["override.reason"]),
  json("alert_run_change", "before", ["override.reason"]),
  json("alert_run_change", "after", ["override.reason"]),
  text("delegation", "reason"),
  json("notice", "items", ["reasons", "note"]),
  text("notice", "reason"),
  text("notice_attempt", "detail"),
  text("notice_destination", "reason"),
  json("notice_item", "item", ["reasons", "note"]),
  text("outcome", "note"),
  json("outcome_request", "answer", ["violations.value", "violations.reason"]),
  text("rule_activation", "reason"),
  text("run", "failure"),
  text("run", "missed_reason"),
  json("run", "approved", ["reason"]),
  json("run", "checks", ["detail"]),
  json("run", "drift", ["comparisons.text"], ["comparisons.category", "comparisons.bins.category"]),
  json("run", "force_future", ["reason"]),
  json("run", "input_objects", ["url"]),
  json("run", "losses", ["accepted.reason"]),
  json("run", "supersede_requested", ["reason"]),
  json("run", "voided", ["reason"]),
  json("run_profile", "profile", [], ["topValue"]),
  text("supplier_dismissal", "reason"),
  json("supplier_import", "answer", ["violations.value", "violations.reason"]),
  text("supplier_merge", "reason"),
  text("supplier_merge", "undo_reason"),
  text("watchlist", "note"),
];

/** Where the report of a week has texts about something else than one supplier. */
export const REPORT_TEXTS: TextPaths = {
  texts: [
    ...["approved.reason", "checks.detail", "objects.url", "sources.file", "rejected.samples.file"],
    "drift.entries.comparisons.text",
    ...["alerts.raised.entries.why", "alerts.cleared.entries.why"],
  ],
  values: ["drift.entries.comparisons.bins.label"],
};

/** Kinds of events without texts of people: their number grows with the calls, so they are not searched for names. */
export const KINDS_WITHOUT_TEXTS: ReadonlySet<string> = new Set([
  "batch.served",
  "call.made",
  "call.refused",
  "calls.made",
  "calls.refused",
  "counterfactual.served",
  "events.dropped",
  "events.missing",
  "explanation.served",
  "prediction.served",
]);
