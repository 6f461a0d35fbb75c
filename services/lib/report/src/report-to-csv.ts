import { type CsvValue, csvOf } from "@bellwether/contract/csv-cell";
import { psiSinceWeek } from "./psi-since-week.ts";
import type { SpendGroups, WeeklyReport } from "./weekly-report.ts";

const HEADER = ["week", "model", "revision", "section", "entry", "name", "value", "text", "unit"] as const;

/**
 * Renders the report as one CSV table: a row for each figure, with its section, its entry, its name, and its value (a
 * number, with its unit) or text. The same report gives the same bytes.
 */
export function reportToCsv(report: WeeklyReport): string {
  const before = [report.iso_week, report.model.name, report.revision];
  const { currency } = report.money_at_risk;
  const rows = [...figuresOf(report)].map((row) => [...before, ...row, unitOf(row, currency)]);
  return csvOf([[...HEADER], ...rows]);
}

/** section, entry, name, value, text */
type Row = readonly [section: string, entry: string, name: string, value: number | null, text: string];

function* figuresOf(report: WeeklyReport): Generator<Row> {
  const { counts, money_at_risk: money, alerts } = report;
  yield* fields("run", "", {
    run_id: report.run_id,
    as_of: report.as_of,
    previous_week: report.previous_week,
    started_at: report.started_at,
    completed_at: report.completed_at,
    overtaken_by: report.overtaken_by,
  });
  yield* fields("model", "", { ...report.model });
  yield* fields("configuration", "", { ...report.configuration });
  yield* fields("rows", "", { ...counts });
  for (const { file, ...source } of report.sources) yield* fields("source", file, source);
  for (const { url, ...object } of report.objects ?? []) yield* fields("object", url, object);
  if (report.revision_changes) yield* fields("revision", "", { ...report.revision_changes });
  for (const { kind, outcome, column, value, limit, detail } of report.checks)
    yield* fields("check", column === "" ? kind : `${kind} ${column}`, { outcome, value, limit, detail });
  if (report.audit_checkpoint) yield* fields("audit_checkpoint", "", { ...report.audit_checkpoint });
  if (report.approved) yield* fields("approved", "", { ...report.approved });
  for (const { band, ...band_ } of report.bands) yield* fields("band", band, band_);
  yield* fields("money_at_risk", "", { ...money });
  yield* groups("region", report.regions);
  yield* groups("category", report.categories);
  for (const { supplier_id, ...mover } of report.risers) yield* fields("riser", supplier_id, mover);
  for (const { supplier_id, ...mover } of report.fallers) yield* fields("faller", supplier_id, mover);
  yield* fields("alerts", "", {
    raised: alerts.raised.count,
    cleared: alerts.cleared.count,
    worse: alerts.worse,
    better: alerts.better,
    active_before: alerts.active_before,
    active: alerts.active,
  });
  for (const { alert_id, ...alert } of alerts.raised.entries) yield* fields("alert_raised", alert_id, alert);
  for (const { alert_id, ...alert } of alerts.cleared.entries) yield* fields("alert_cleared", alert_id, alert);
  for (const [i, reason] of report.rejected.reasons.entries.entries())
    yield* fields("rejected_reason", String(i + 1), { ...reason });
  for (const [i, sample] of report.rejected.samples.entries())
    yield* fields("rejected_sample", String(i + 1), { ...sample });
  for (const { feature, unit, psi, comparisons } of report.drift.entries) {
    yield* fields("drift", feature, { psi: psiSinceWeek({ psi, comparisons }, report), unit });
    for (const { bins, reference, aspect, ...comparison } of comparisons) {
      const entry = `${feature} ${aspect} since ${reference}`;
      yield* fields("drift_comparison", entry, comparison);
      for (const { label, reference: before, present } of bins)
        yield* fields("drift_bin", entry, { [`${label} before`]: before, [`${label} now`]: present });
    }
  }
}

function* groups(section: string, { count, entries, rest }: SpendGroups): Generator<Row> {
  for (const { name, ...group } of entries) yield* fields(section, name, { ...group });
  if (rest === null) return;
  const { name: _, ...others } = rest;
  yield* fields(section, `(${count - entries.length} others)`, { ...others });
}

/** Units of the figures, by their names. */
const UNITS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["read", "scored", "rejected", "repeated", "rows"].map((name) => [name, "rows"])),
  ...Object.fromEntries(
    ["raised", "cleared", "worse", "better", "active", "active_before"].map((name) => [name, "alerts"]),
  ),
  ...{
    suppliers_added: "suppliers",
    suppliers_removed: "suppliers",
    scores_changed: "suppliers",
    bands_changed: "suppliers",
  },
  ...{ max_score_change: "probability", alerts_raised: "alerts", alerts_cleared: "alerts", alerts_changed: "alerts" },
  ...{ bytes: "bytes", suppliers: "suppliers", previous_suppliers: "suppliers", high: "suppliers" },
  ...{ suppliers_without_exposure: "suppliers", risk_score: "probability", change: "probability" },
  ...{ p_value: "probability", psi: "index" },
};
const AMOUNTS: ReadonlySet<string> = new Set(["amount", "previous_amount", "exposure", "money_at_risk"]);

/** The unit of a number. Empty: it has none, or the row has a text. */
function unitOf([section, , name, value]: Row, currency: string): string {
  if (value === null) return "";
  if (AMOUNTS.has(name)) return currency;
  return section === "drift_bin" ? "share" : (UNITS[name] ?? "");
}

function* fields(section: string, entry: string, values: Readonly<Record<string, CsvValue>>): Generator<Row> {
  for (const [name, value] of Object.entries(values))
    yield [section, entry, name, typeof value === "number" ? value : null, typeof value === "string" ? value : ""];
}
