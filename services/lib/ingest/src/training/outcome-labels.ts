import { isIsoDate } from "@bellwether/config/iso-date";
import { IsoWeekError, parseIsoWeek } from "@bellwether/contract/iso-week";
import { MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { nearestName } from "@bellwether/contract/nearest-name";
import { cleanId } from "@bellwether/contract/supplier-id";
import { countText } from "@bellwether/reasons/count-text";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import { type Cell, isMissing, type ValueTable } from "@bellwether/risk-model/tables/value-table";

/** Columns of a file of outcomes, as `bellwether outcomes import` reads it. */
const COLUMNS = ["supplier_id", "occurred", "iso_week", "happened_on", "known_on", "note"] as const;
type Column = (typeof COLUMNS)[number];

/** Rules by which outcomes become labels of weekly rows. */
export interface LabelRules {
  /** Length of the label's window after the end of a week, in days, at least 1. */
  readonly horizonDays: number;
  /**
   * Day up to which the file has every event, days since 1970-01-01: a supplier without an event whose window ends by then
   * is a 0. Null: events are not recorded completely, and only outcomes that say so are a 0.
   */
  readonly completeUntilDay: number | null;
  /** Day of the training, days since 1970-01-01; outcomes after it are rejected. */
  readonly todayDay: number;
}

/** The labels of suppliers by week. */
export interface OutcomeLabels {
  /** Number of rows of the file. */
  readonly rows: number;
  readonly rejected: readonly RejectedOutcome[];
  /** Number of suppliers and weeks with outcomes that contradict each other; they have no label. */
  readonly contradictions: () => number;
  /** Returns the label of a supplier in a week that ends on a day; null: it is not known. */
  labelOf(supplierId: string, isoWeek: string, weekEndDay: number): 0 | 1 | null;
}

/** A row that is not used. */
export interface RejectedOutcome {
  /** Row of the file. */
  readonly row: number;
  readonly column: Column;
  readonly reason: string;
  readonly value: string;
}

/** What is known about one supplier. */
interface SupplierOutcomes {
  /** Days on which the risk occurred. */
  readonly events: number[];
  /** Outcomes of single weeks. */
  readonly weeks: Map<string, Set<0 | 1>>;
}

const DAY_MS = 86_400_000;
const dayOf = (isoDate: string): number => Math.floor(Date.parse(isoDate) / DAY_MS);

/**
 * Reads outcomes: supplier_id, happened_on or iso_week, occurred (true or false; with happened_on, true by default), known_on.
 * An invalid row is rejected, the others are used.
 * @throws TableError when a column is missing or unknown
 */
export function readOutcomes(table: ValueTable, rules: LabelRules): OutcomeLabels {
  const at = columnsOf(table);
  const suppliers = new Map<string, SupplierOutcomes>();
  const rejected: RejectedOutcome[] = [];
  for (const [i, record] of table.records.entries()) {
    const cells = Object.fromEntries(
      COLUMNS.map((name) => [name, cellText(at.get(name) === undefined ? null : (record[at.get(name) ?? 0] ?? null))]),
    ) as Record<Column, string>;
    const problem = problemOf(cells, rules);
    if (problem !== null) {
      const [column, reason] = problem;
      rejected.push({ row: table.firstRow + i, column, reason, value: cells[column].slice(0, 200) });
      continue;
    }
    const id = cleanId(cells.supplier_id);
    const known: SupplierOutcomes = suppliers.get(id) ?? { events: [], weeks: new Map() };
    suppliers.set(id, known);
    if (cells.iso_week === "") known.events.push(dayOf(cells.happened_on));
    else {
      const stated = known.weeks.get(cells.iso_week) ?? new Set<0 | 1>();
      known.weeks.set(cells.iso_week, stated.add(saidOccurred(cells) ? 1 : 0));
    }
  }
  let contradictions = 0;
  return {
    ...{ rows: table.records.length, rejected },
    contradictions: () => contradictions,
    labelOf(supplierId, isoWeek, weekEndDay) {
      const outcomes = suppliers.get(supplierId);
      const until = weekEndDay + rules.horizonDays;
      const stated = outcomes?.weeks.get(isoWeek) ?? new Set<0 | 1>();
      const hasEvent = outcomes?.events.some((day) => day > weekEndDay && day <= until) ?? false;
      if (stated.has(0) && (stated.has(1) || hasEvent)) {
        contradictions++;
        return null;
      }
      if (stated.has(1) || hasEvent) return 1;
      if (stated.has(0)) return 0;
      return rules.completeUntilDay !== null && until <= rules.completeUntilDay ? 0 : null;
    },
  };
}

function columnsOf({ header }: ValueTable): ReadonlyMap<string, number> {
  const unknown = header.find((name) => !COLUMNS.some((column) => column === name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, COLUMNS);
    throw new TableError(
      `the column "${unknown.slice(0, 80)}" is not one of ${COLUMNS.join(", ")}${near ? `; did you mean "${near}"?` : ""}`,
    );
  }
  const at = new Map(header.map((name, i) => [name, i]));
  if (!at.has("supplier_id")) throw new TableError("it has no column supplier_id");
  if (!at.has("iso_week") && !at.has("happened_on")) throw new TableError("it has neither iso_week nor happened_on");
  return at;
}

const cellText = (cell: Cell): string => (isMissing(cell) ? "" : String(cell).trim());
/** Null: the row does not say it. */
function saidOccurred({ occurred, happened_on }: Record<Column, string>): boolean | null {
  if (occurred === "") return happened_on === "" ? null : true;
  return /^(?:true|1)$/i.test(occurred);
}

/** Returns the column and the reason for which a row is not used; null: it is valid. */
function problemOf(cells: Record<Column, string>, { todayDay }: LabelRules): readonly [Column, string] | null {
  const id = cleanId(cells.supplier_id);
  if (id === "" || Buffer.byteLength(id) > MAX_SUPPLIER_ID_BYTES)
    return ["supplier_id", `is not 1 to ${MAX_SUPPLIER_ID_BYTES} bytes long`];
  if (!/^(?:|true|false|1|0)$/i.test(cells.occurred)) return ["occurred", "is not true or false"];
  if (cells.iso_week !== "" && !isWeek(cells.iso_week)) return ["iso_week", "is not an ISO week such as 2026-W10"];
  for (const column of ["happened_on", "known_on"] as const) {
    if (cells[column] === "") continue;
    if (!isIsoDate(cells[column])) return [column, "is not a day such as 2026-03-01"];
    if (dayOf(cells[column]) > todayDay) return [column, "is in the future"];
  }
  if (cells.happened_on !== "" && cells.known_on !== "" && dayOf(cells.known_on) < dayOf(cells.happened_on))
    return ["known_on", "is before happened_on"];
  if (cells.iso_week === "" && cells.happened_on === "") return ["happened_on", "is empty, and so is iso_week"];
  const occurred = saidOccurred(cells);
  if (occurred === null) return ["occurred", "is empty; a row without happened_on says true or false"];
  if (!occurred && cells.happened_on !== "") return ["happened_on", "is a day, but the risk did not occur"];
  return null;
}

function isWeek(text: string): boolean {
  try {
    return parseIsoWeek(text) === text;
  } catch (error) {
    if (error instanceof IsoWeekError) return false;
    throw error;
  }
}

/** Returns what of the outcomes was not used, in lines for people. */
export function outcomeLines({ rows, rejected, contradictions }: OutcomeLabels): string[] {
  const reasons = new Map<string, RejectedOutcome[]>();
  for (const one of rejected)
    reasons.set(`${one.column} ${one.reason}`, [...(reasons.get(`${one.column} ${one.reason}`) ?? []), one]);
  const against = contradictions();
  return [
    ...[...reasons].map(
      ([reason, found]) =>
        `outcomes: ${found.length} of ${countText(rows, "row")} rejected: ${reason}, for example row ${found[0]?.row}: ${JSON.stringify(found[0]?.value ?? "")}`,
    ),
    ...(against === 0
      ? []
      : [
          `outcomes: ${countText(against, "supplier and week", "suppliers and weeks")} with outcomes that contradict each other, not used`,
        ]),
  ];
}
