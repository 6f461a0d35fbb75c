import type { ConcurrentIndex } from "@bellwether/postgres/drizzle/build-indexes";

const ACTIVE = "where state <> 'resolved'";
/** The sort keys of a list by severity. */
const BY_SEVERITY = "severity, coalesce(expected_impact, -1), risk_score, id";

/**
 * Indexes that a start builds after the migrations, beside an older release that still writes. The orders and tabs of
 * alerts read one of them backwards; without it, they would read all active alerts.
 */
export const CONCURRENT_INDEXES: readonly ConcurrentIndex[] = [
  { name: "alert_active_by_money", on: `bellwether.alert (coalesce(expected_impact, -1), id) ${ACTIVE}` },
  { name: "alert_active_by_change", on: `bellwether.alert (coalesce(score_change, 0), id) ${ACTIVE}` },
  { name: "alert_active_by_trend", on: `bellwether.alert (trend, ${BY_SEVERITY}) ${ACTIVE}` },
  { name: "alert_decided_by_impact", on: `bellwether.alert (${BY_SEVERITY}) where resolved_by <> ''` },
  { name: "supplier_search_ids", on: "bellwether.supplier_search using gin (id_key gin_trgm_ops)" },
];
