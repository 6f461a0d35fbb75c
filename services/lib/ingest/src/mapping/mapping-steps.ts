import type { SnapshotMapping, StepMapping } from "@bellwether/config/feature-mapping";
import { SNAPSHOTS } from "@bellwether/config/source-mapping";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import { checkSelect, mappingError } from "./select-statement.ts";

/** Maximum number of snapshot dates of a mapping: 30 years of days. */
const MAX_SNAPSHOTS = 11_000;

/**
 * Creates the table `snapshots` with the days `from`, `from` + 1 period, … up to and including `to`.
 * @throws MappingSqlError when there are more than 11,000.
 */
export async function makeSnapshots(workspace: Workspace, snapshots: SnapshotMapping): Promise<void> {
  const interval = `interval 1 ${snapshots.every}`;
  await workspace.run(
    `create table ${SNAPSHOTS} as select cast(unnest(generate_series(
       timestamp ${sqlText(snapshots.from)}, timestamp ${sqlText(snapshots.to)}, ${interval})) as date) as as_of`,
  );
  workspace.tables.add(SNAPSHOTS);
  const made = await workspace.number(`select count(*) from ${SNAPSHOTS}`);
  if (made > MAX_SNAPSHOTS)
    throw new MappingSqlError("snapshots", `${made} dates, at most ${MAX_SNAPSHOTS} are allowed`);
}

/**
 * Runs the steps in their order and stores each result in a table with the step's name. @throws
 * MappingSqlError
 */
export async function runSteps(workspace: Workspace, steps: readonly StepMapping[]): Promise<void> {
  for (const [i, step] of steps.entries()) {
    await materialize(workspace, `steps[${i}] (${step.name})`, step.name, step.sql);
    workspace.tables.add(step.name);
  }
}

/**
 * Stores the rows of a mapping's SELECT in the table `name`; the workspace must be locked.
 * @throws MappingSqlError when the SQL is rejected, fails, runs too long or returns too many rows.
 */
export async function materialize(workspace: Workspace, path: string, name: string, sql: string): Promise<void> {
  const { maxRows, sqlTimeoutMs } = workspace.limits;
  await checkSelect(workspace, path, sql);
  workspace.report({ statement: path });
  try {
    await workspace.run(
      `create table ${sqlName(name)} as select * from (\n${withoutEnd(sql)}\n) limit ${maxRows + 1}`,
      sqlTimeoutMs,
    );
  } catch (error) {
    throw mappingError(path, error);
  }
  if ((await workspace.number(`select count(*) from ${sqlName(name)}`)) > maxRows)
    throw new MappingSqlError(path, `it returns more than ${maxRows} rows`);
}

/** Returns a SELECT without its final semicolon, so that it can be put in parentheses. */
export function withoutEnd(sql: string): string {
  return sql.replace(/;\s*$/, "");
}
