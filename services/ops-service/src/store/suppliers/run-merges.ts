import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { type MergeLinks, representedIn, withMembers } from "../../domain/merges/merge-links.ts";
import type { Supplier } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";
import { type ScoredRun, scoresOf } from "../scores/score-rows.ts";

/** The merges of suppliers, as the list of a run needs them. */
export interface RunMerges {
  readonly links: MergeLinks;
  /** The suppliers that the list leaves out, because another supplier of the same merge represents them. */
  readonly represented: readonly number[];
}

/** Reads which suppliers of a run are represented by another one. Without merges, this reads no scores. */
export async function readRunMerges(db: Db, run: ScoredRun, links: MergeLinks): Promise<RunMerges> {
  if (links.isEmpty) return { links, represented: [] };
  const { rows } = await db.execute<{ supplier: number }>(sql`
    select s.supplier from ${scoresOf(run.id)} s
    where s.run = ${run.id}::int and s.supplier = any(${sql.param([...links.members])}::int[])`);
  return { links, represented: representedIn(links, new Set(rows.map(({ supplier }) => supplier))) };
}

/** Returns the suppliers of merges in which at least one supplier has an active alert of a model. */
export async function alertedMembers(db: Db, links: MergeLinks, modelName: string): Promise<readonly number[]> {
  if (links.isEmpty) return [];
  const { rows } = await db.execute<{ supplier: number }>(sql`
    select distinct supplier_id as supplier from bellwether.alert
    where supplier_id = any(${sql.param([...links.members])}::int[]) and model_name = ${modelName} and state <> 'resolved'`);
  return withMembers(
    links,
    rows.map(({ supplier }) => supplier),
  );
}

/** Returns the supplier that is shown for the score of a supplier: the survivor of its merge, and who was scored. */
export function shownFor(
  number: number,
  suppliers: ReadonlyMap<number, Supplier>,
  links: MergeLinks,
): { readonly shown: Supplier; readonly scored: Supplier; readonly scoredSupplierId: string } | undefined {
  const scored = suppliers.get(number);
  const shown = suppliers.get(links.survivorOf(number));
  if (!scored || !shown) return undefined;
  return { shown, scored, scoredSupplierId: shown === scored ? "" : scored.supplierId };
}

/** Returns the numbers with those of their survivors. */
export function withSurvivors(links: MergeLinks, numbers: readonly number[]): readonly number[] {
  return links.isEmpty ? numbers : [...new Set([...numbers, ...numbers.map(links.survivorOf)])];
}
