import type { ConcurrentIndex } from "@bellwether/postgres/drizzle/build-indexes";

/** The sort keys of a list by severity. */
const BY_SEVERITY = "severity, coalesce(expected_impact, -1), risk_score, id";

/**
 * Indexes that a start builds after the migrations, beside an older release that still writes. Each takes the place of one
 * that a migration creates: a query locks every index of its tables, so their number is kept.
 */
export const CONCURRENT_INDEXES: readonly ConcurrentIndex[] = [
  {
    name: "alert_active_by_severity",
    // A tab lists few of the active alerts. Their trend is read from the index, without the alerts.
    on: `bellwether.alert (${BY_SEVERITY}, trend) where state <> 'resolved'`,
    replaces: "alert_active_by_impact",
  },
  {
    name: "alert_decided_by_severity",
    on: `bellwether.alert (${BY_SEVERITY}) where resolved_by <> ''`,
    replaces: "alert_decided",
  },
  {
    name: "supplier_search_parts",
    on: "bellwether.supplier_search using gin (name_key gin_trgm_ops, id_key gin_trgm_ops)",
    replaces: "supplier_search_trigrams",
  },
  {
    // Until it is complete, the constraint rejects an identifier that two suppliers share.
    name: "supplier_identifier_own",
    isUnique: true,
    on: "bellwether.supplier_identifier (kind, key) where not is_shared",
    replaces: "supplier_identifier_unique",
  },
  { name: "supplier_identifier_shared", on: "bellwether.supplier_identifier (kind, key) where is_shared" },
];
