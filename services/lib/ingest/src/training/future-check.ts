import type { FeatureMapping } from "@bellwether/config/feature-mapping";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { SNAPSHOTS, type SourceMapping } from "@bellwether/config/source-mapping";
import { countText } from "@bellwether/reasons/count-text";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import { mapRows } from "../mapping/map-rows.ts";
import { MAPPED } from "../mapping/mapped-sql.ts";
import { makeSnapshots, runSteps } from "../mapping/mapping-steps.ts";
import { COLUMN } from "../mapping/rejected-row-reasons.ts";
import { rowsFrom } from "../mapping/rows-from.ts";
import { ACCEPTED, rawTable } from "../sources/load-source.ts";
import { LABELS, makeLabels } from "./training-labels.ts";

const BEFORE = '"rows with the future"';
const LABELS_BEFORE = '"labels with the future"';
/** Number of features that a warning names. */
const MAX_NAMED = 8;
/** With fewer labels of a class, equal labels may be chance. */
const MIN_CLASS_ROWS = 5;

/**
 * Maps the training rows of one day again, as if the raw files had ended on that day: rows whose dates are all later
 * are left out, and later dates are not known. A sound mapping gives the same features, and its labels are not known
 * yet. Empty when the rows or the sources have no dates, or the shortened files cannot be mapped.
 *
 * Must be called after the training rows were read: it replaces the tables of the mapping.
 */
export async function futureWarnings(
  workspace: Workspace,
  { model, mapping }: { readonly model: ModelSpec; readonly mapping: FeatureMapping },
): Promise<string[]> {
  if (mapping.rows.asOf === null || mapping.sources.every((source) => datesOf(source).length === 0)) return [];
  const [[day] = []] = await workspace.rows(
    `select quantile_disc(as_of, 0.5)::varchar from ${MAPPED} where "~fault" is null`,
  );
  if (typeof day !== "string") return [];
  try {
    await keepRows(workspace, mapping, day);
    await shortenSources(workspace, mapping.sources, day);
    await mapAgain(workspace, model, mapping, day);
    return [...(await changedFeatures(workspace, model, day)), ...(await knownLabels(workspace, model, mapping, day))];
  } catch (error) {
    // Shortened files may have no row, or not the values that a step needs. The training itself has succeeded.
    if (error instanceof MappingSqlError) return [];
    throw error;
  }
}

const datesOf = (source: SourceMapping): string[] =>
  source.columns.filter(({ type }) => type === "date" || type === "timestamp").map(({ name }) => sqlName(name));

/** With `snapshots`, the rows of other days do not depend on this day's; without, earlier rows must not change either. */
const sameDays = (mapping: FeatureMapping, day: string): string =>
  `as_of ${mapping.snapshots === null ? "<=" : "="} date ${sqlText(day)}`;

async function keepRows(workspace: Workspace, mapping: FeatureMapping, day: string): Promise<void> {
  const rows = `where "~fault" is null and ${sameDays(mapping, day)}`;
  await workspace.run(`create table ${BEFORE} as select * from ${MAPPED} ${rows}`);
  await workspace.run(`alter table ${LABELS} rename to ${LABELS_BEFORE}`);
  await workspace.run(`drop table ${MAPPED}`);
  await workspace.run('drop table if exists "keys twice"');
  await workspace.run('drop table if exists "second rows"');
  await workspace.run('drop table "labels as given"');
  for (const { name } of mapping.steps.toReversed()) await workspace.run(`drop table ${sqlName(name)}`);
  if (mapping.snapshots !== null) await workspace.run(`drop table ${SNAPSHOTS}`);
}

async function shortenSources(workspace: Workspace, sources: readonly SourceMapping[], day: string): Promise<void> {
  const last = `date ${sqlText(day)}`;
  for (const source of sources) {
    const dates = datesOf(source);
    if (dates.length === 0) continue;
    const values = source.columns.map(({ name }) => {
      const column = sqlName(name);
      return dates.includes(column) ? `case when ${column}::date <= ${last} then ${column} end as ${column}` : column;
    });
    // least() is the earliest of the known dates.
    const isLater = `coalesce(least(${dates.map((date) => `${date}::date`).join(", ")}) > ${last}, false)`;
    await workspace.run(
      `create or replace view ${sqlName(source.name)} as select ${values.join(", ")}
       from ${rawTable(source.name)} where ${ACCEPTED} and not ${isLater}`,
    );
  }
}

async function mapAgain(workspace: Workspace, model: ModelSpec, mapping: FeatureMapping, day: string): Promise<void> {
  if (mapping.snapshots !== null) await makeSnapshots(workspace, { every: "day", from: day, to: day });
  await runSteps(workspace, mapping.steps);
  // `locate` is left out: it belongs to the table that has the positions in the file, and the rows come from the
  // shortened view.
  const { locate: _, ...from } = rowsFrom(mapping.rows.from, new Map());
  await mapRows(workspace, {
    ...{ path: "rows", rows: mapping.rows, ...from, model, labels: null, asOf: null, newestOnly: false },
  });
}

/** Sums of floating-point numbers may differ in the last digits when other rows lie between theirs. */
const isOther = (column: string): string =>
  `(a.${column} is distinct from b.${column} and not coalesce(abs(a.${column} - b.${column}) <= 1e-9 * abs(a.${column}), false))`;

async function changedFeatures(workspace: Workspace, model: ModelSpec, day: string): Promise<string[]> {
  const changes = model.features.map(({ name, kind }) =>
    kind === "numeric"
      ? isOther(sqlName(COLUMN.number(name)))
      : `a.${sqlName(COLUMN.category(name))} is distinct from b.${sqlName(COLUMN.category(name))}`,
  );
  const [counts = []] = await workspace.rows(
    `select count(*), count(*) filter (b.supplier_id is null or ${changes.join(" or ")}),
       ${changes.map((change) => `count(*) filter (${change})`).join(", ")}
     from ${BEFORE} as a left join (select * from ${MAPPED} where "~fault" is null) as b using (supplier_id, as_of)`,
  );
  const [rows = 0, changed = 0, ...byFeature] = counts.map(Number);
  if (changed === 0) return [];
  const named = model.features.filter((_, i) => (byFeature[i] ?? 0) > 0).map(({ name }) => name);
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : "";
  return [
    `the mapping uses data of the future: features of ${changed} of ${countText(rows, "row")} up to ${day} change when the files end on that day (${named.slice(0, MAX_NAMED).join(", ")}${more}). Compare each date with the snapshot date in the mapping's SQL; a date that is planned in advance may be later`,
  ];
}

/** Only with `snapshots` is the label computed from rows with dates; otherwise it may stand beside the features. */
async function knownLabels(
  workspace: Workspace,
  model: ModelSpec,
  mapping: FeatureMapping,
  day: string,
): Promise<string[]> {
  if (mapping.snapshots === null || mapping.label === null) return [];
  await makeLabels(workspace, mapping.label, model.target.name, true);
  const label = sqlName("=label");
  const [counts = []] = await workspace.rows(
    `select count(*), count(*) filter (a.${label}::double = 1), count(*) filter (a.${label}::double = b.${label}::double)
     from ${LABELS_BEFORE} as a left join ${LABELS} as b using (label_id, label_as_of)
     where label_as_of = date ${sqlText(day)} and a.${label} is not null`,
  );
  const [rows = 0, positives = 0, same = 0] = counts.map(Number);
  if (positives < MIN_CLASS_ROWS || rows - positives < MIN_CLASS_ROWS || same < rows) return [];
  return [
    `the label is known before its features end: the labels of ${day} are the same when the files end on that day. A label must come from the time after the snapshot date`,
  ];
}
