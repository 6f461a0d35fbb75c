import { barChart } from "./bars.ts";
import { change, count, counted, money, percent, score } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { leftOut, section, table } from "./report-tables.ts";
import type { Listed, ReportedAlert, ReportedMover, SpendGroup, SpendGroups, WeeklyReport } from "./weekly-report.ts";

/** Number of regions or categories that are drawn. */
const DRAWN_GROUPS = 12;

/** Renders the suppliers by band, and the money at risk by region and category. */
export function moneyAtRisk({ bands, money_at_risk: total, regions, categories, counts, previous_week }: WeeklyReport) {
  const { currency, amount, previous_amount, suppliers_without_exposure: without } = total;
  const before = previous_amount === null ? "" : `, ${money(previous_amount, currency)} in ${previous_week}`;
  const excluded =
    without === 0
      ? NOTHING
      : markup` ${counted(without, "supplier")} with a score ${without === 1 ? "has" : "have"} no known exposure and ${without === 1 ? "is" : "are"} not included.`;
  return section(
    "Money at risk",
    markup`<p>${money(amount, currency)} at risk per year${before}.${excluded}</p>\n`,
    table(
      "Suppliers by band, highest risk first",
      bands,
      [
        { title: "Band", cell: ({ band }) => band },
        { title: "Suppliers", cell: ({ suppliers }) => count(suppliers), isNumber: true },
        { title: "Share", cell: ({ suppliers }) => shareOf(suppliers, counts.scored), isNumber: true },
        {
          title: previous_week === null ? "Week before" : `In ${previous_week}`,
          cell: ({ previous_suppliers: earlier }) => (earlier === null ? "" : count(earlier)),
          isNumber: true,
        },
      ],
      { total: ["all suppliers with a score", count(counts.scored), "", earlierSuppliers(bands)] },
    ),
    groups("region", regions, currency),
    groups("category", categories, currency),
  );
}

const shareOf = (part: number, whole: number): string => (whole > 0 ? percent(part / whole) : "");

function earlierSuppliers(bands: WeeklyReport["bands"]): string {
  const known = bands.map(({ previous_suppliers: earlier }) => earlier).filter((earlier) => earlier !== null);
  return known.length === 0 ? "" : count(known.reduce((sum, earlier) => sum + earlier, 0));
}

function groups(by: "region" | "category", { count: all, entries, rest }: SpendGroups, currency: string): Markup {
  const bars = entries.slice(0, DRAWN_GROUPS).map(({ name, money_at_risk: value }) => {
    return { label: name || "not known", value, text: money(value, currency) };
  });
  const sumOf = (field: Exclude<keyof SpendGroup, "name">): number =>
    [...entries, ...(rest === null ? [] : [rest])].reduce((sum, group) => sum + group[field], 0);
  const many = by === "region" ? "other regions" : "other categories";
  const rows = [...entries, ...(rest === null ? [] : [{ ...rest, name: `${count(all - entries.length)} ${many}` }])];
  const title = `Money at risk per year by ${by}`;
  return markup`<h3>By ${by}</h3>
${barChart(bars.length < entries.length ? `${title}: the first ${bars.length}` : title, bars)}
${table(
  title,
  rows,
  [
    { title: by === "region" ? "Region" : "Category", cell: ({ name }) => name || "not known" },
    { title: "Suppliers", cell: ({ suppliers }) => count(suppliers), isNumber: true },
    { title: "Band high", cell: ({ high }) => count(high), isNumber: true },
    { title: "Exposure", cell: ({ exposure }) => money(exposure, currency), isNumber: true },
    { title: "Money at risk", cell: ({ money_at_risk: value }) => money(value, currency), isNumber: true },
  ],
  {
    total: [
      ...["all suppliers", count(sumOf("suppliers")), count(sumOf("high"))],
      ...[money(sumOf("exposure"), currency), money(sumOf("money_at_risk"), currency)],
    ],
  },
)}${rest === null ? leftOut({ count: all, entries }) : NOTHING}`;
}

/** Renders the suppliers whose scores changed most. */
export function movers({ risers, fallers, money_at_risk: { currency }, previous_week }: WeeklyReport): Markup {
  const since = previous_week === null ? "Change" : `Change since ${previous_week}`;
  const list = (caption: string, rows: readonly ReportedMover[]): Markup =>
    table(caption, rows, [
      { title: "Supplier", cell: supplierCell },
      { title: "Risk score", cell: ({ risk_score: value }) => score(value), isNumber: true },
      { title: since, cell: ({ change: value }) => change(value), isNumber: true },
      { title: "Band", cell: ({ band }) => band },
      {
        title: "Expected impact per year",
        cell: ({ money_at_risk: value }) => (value === null ? "not known" : money(value, currency)),
        isNumber: true,
      },
    ]);
  return section(
    "Movers",
    list("Largest increases of the risk score", risers),
    list("Largest decreases of the risk score", fallers),
  );
}

function supplierCell({ name, supplier_id: id }: Pick<ReportedMover, "name" | "supplier_id">): Markup {
  return name === "" ? markup`<bdi>${id}</bdi>` : markup`<bdi>${name}</bdi> <code>${id}</code>`;
}

/** Renders the alerts that the run raised and cleared, and why. */
export function alertChanges({ alerts: { raised, cleared, worse, better, active, active_before } }: WeeklyReport) {
  const list = (caption: string, listed: Listed<ReportedAlert>): Markup =>
    markup`${table(`${caption}: ${counted(listed.count, "alert")}`, listed.entries, [
      { title: "Supplier", cell: ({ supplier_name: name, supplier_id }) => supplierCell({ name, supplier_id }) },
      { title: "Alert rule", cell: ({ rule }) => rule },
      { title: "Severity", cell: ({ severity }) => severity },
      { title: "Why", cell: ({ why }) => why },
    ])}${leftOut(listed)}`;
  const sum =
    active === null || active_before === null
      ? NOTHING
      : markup`<p>${counted(active_before, "active alert")} before the run + ${count(raised.count)} raised − ${count(cleared.count)} cleared = ${counted(active, "active alert")} after it.</p>\n`;
  return section(
    "Alerts",
    sum,
    markup`<p>${counted(worse, "alert")} became more severe, ${count(better)} less severe.</p>\n`,
    list("Raised or opened again", raised),
    list("Cleared", cleared),
  );
}
