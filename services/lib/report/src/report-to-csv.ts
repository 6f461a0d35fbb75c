import { type CsvValue, csvOf } from "./csv-cells.ts";
import type { SpendGroup, WeeklyReport } from "./weekly-report.ts";

const HEADER = ["week", "model", "revision", "section", "entry", "name", "value", "text"] as const;

/**
 * Renders the report as one CSV table: a row for each figure, with its section, its entry, its name, and its value (a
 * number) or text. The same report gives the same bytes.
 */
export function reportToCsv(report: WeeklyReport): string {
  const before = [report.iso_week, report.model.name, report.revision];
  const rows = [...figuresOf(report)].map((row) => [...before, ...row]);
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
  if (report.approved) yield* fields("approved", "", { ...report.approved });
  for (const { band, ...band_ } of report.bands) yield* fields("band", band, band_);
  yield* fields("money_at_risk", "", { ...money });
  yield* groups("region", report.regions.entries);
  yield* groups("category", report.categories.entries);
  for (const { supplier_id, ...mover } of report.risers) yield* fields("riser", supplier_id, mover);
  for (const { supplier_id, ...mover } of report.fallers) yield* fields("faller", supplier_id, mover);
  yield* fields("alerts", "", {
    raised: alerts.raised.count,
    cleared: alerts.cleared.count,
    worse: alerts.worse,
    better: alerts.better,
  });
  for (const { alert_id, ...alert } of alerts.raised.entries) yield* fields("alert_raised", alert_id, alert);
  for (const { alert_id, ...alert } of alerts.cleared.entries) yield* fields("alert_cleared", alert_id, alert);
  for (const [i, reason] of report.rejected.reasons.entries.entries())
    yield* fields("rejected_reason", String(i + 1), { ...reason });
  for (const [i, sample] of report.rejected.samples.entries())
    yield* fields("rejected_sample", String(i + 1), { ...sample });
  for (const { feature, psi, comparisons } of report.drift.entries) {
    yield* fields("drift", feature, { psi });
    for (const { bins, reference, aspect, ...comparison } of comparisons) {
      const entry = `${feature} ${aspect} since ${reference}`;
      yield* fields("drift_comparison", entry, comparison);
      for (const { label, reference: before, present } of bins)
        yield* fields("drift_bin", entry, { [`${label} before`]: before, [`${label} now`]: present });
    }
  }
}

function* groups(section: string, entries: readonly SpendGroup[]): Generator<Row> {
  for (const { name, ...group } of entries) yield* fields(section, name, { ...group });
}

function* fields(section: string, entry: string, values: Readonly<Record<string, CsvValue>>): Generator<Row> {
  for (const [name, value] of Object.entries(values))
    yield [section, entry, name, typeof value === "number" ? value : null, typeof value === "string" ? value : ""];
}
