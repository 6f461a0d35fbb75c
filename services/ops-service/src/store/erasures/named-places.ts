/** A column with texts in which the name of any supplier can stand. */
export interface NamedPlace {
  readonly table: string;
  readonly column: string;
  /** How the column has the text: as it is, as a jsonb value, or as the text of JSON, whose order of members stays. */
  readonly form: "text" | "jsonb" | "json text";
}

const place = (table: string, column: string, form: NamedPlace["form"] = "text"): NamedPlace => ({
  ...{ table, column, form },
});

/**
 * The columns in which people, files and other systems write texts. An erasure replaces the name of the supplier in all of them; texts about
 * the supplier itself are erased as a whole (`erase-subject.ts`). A test compares the columns of the database with this list and with
 * WITHOUT_NAMES, so that a new column is in one of them.
 */
export const NAMED_PLACES: readonly NamedPlace[] = [
  place("alert", "override", "jsonb"),
  place("alert", "snooze", "jsonb"),
  place("alert_event", "note"),
  place("alert_event", "detail"),
  place("alert_event", "before", "jsonb"),
  place("alert_run_change", "before", "jsonb"),
  place("alert_run_change", "after", "jsonb"),
  place("alert_run_change", "values", "jsonb"),
  place("delegation", "reason"),
  place("notice", "items", "jsonb"),
  place("notice", "reason"),
  place("notice_attempt", "detail"),
  place("notice_destination", "reason"),
  place("notice_event", "event", "jsonb"),
  place("notice_item", "item", "jsonb"),
  place("outcome", "note"),
  place("outcome_request", "answer", "jsonb"),
  place("rule_activation", "reason"),
  place("run", "failure"),
  place("run", "missed_reason"),
  place("run", "approved", "jsonb"),
  place("run", "checks", "jsonb"),
  place("run", "drift", "jsonb"),
  place("run", "force_future", "jsonb"),
  place("run", "input_objects", "jsonb"),
  place("run", "losses", "jsonb"),
  place("run", "supersede_requested", "jsonb"),
  place("run", "voided", "jsonb"),
  place("run_profile", "profile", "jsonb"),
  place("run_report", "report", "json text"),
  place("supplier_dismissal", "reason"),
  place("supplier_import", "answer", "jsonb"),
  place("supplier_merge", "reason"),
  place("supplier_merge", "undo_reason"),
  place("supplier_merge", "evidence", "jsonb"),
  place("watchlist", "note"),
];

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
