import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import type { Pool } from "pg";
import type { Db } from "../src/store/database.ts";

/** A node of the JSON output of EXPLAIN. Its rows are per loop. */
interface Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Returns the number of rows of tables and indexes that the server read for the one query that `ask` makes. */
export async function visitedRows(pool: Pool, ask: (db: Db) => Promise<unknown>): Promise<number> {
  const asked: { text: string; params: unknown[] }[] = [];
  const logger = { logQuery: (text: string, params: unknown[]): void => void asked.push({ text, params }) };
  await ask(drizzle(pool, { logger }));
  const [query, another] = asked;
  if (!query || another) throw new Error(`${asked.length} queries, where one was expected`);
  const reported = await pool.query<{ "QUERY PLAN": { Plan: Plan }[] }>(
    `explain (analyze, format json) ${query.text}`,
    query.params,
  );
  const plans = reported.rows[0]?.["QUERY PLAN"] ?? [];
  return plans.reduce((sum, { Plan: plan }) => sum + rowsOf(plan), 0);
}

function rowsOf(plan: Plan): number {
  if (plan.Plans) return plan.Plans.reduce((sum, below) => sum + rowsOf(below), 0);
  return (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
}
