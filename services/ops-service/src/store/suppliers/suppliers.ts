import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { type MergeLinks, NO_MERGES, withMembers } from "../../domain/merges/merge-links.ts";
import { RunNotFoundError } from "../../domain/ops-error.ts";
import { chooseModel, chooseModelOf, type ScoringModel } from "../../domain/scores/choose-model.ts";
import type {
  ChangeDirection,
  Supplier,
  SupplierFilter,
  SupplierHistory,
  SupplierList,
  SupplierQuery,
  SupplierScore,
} from "../../domain/suppliers/supplier.ts";
import {
  countSuppliers,
  type GroupFilter,
  groupsWithin,
  type SupplierGroup,
  scoreRange,
  supplierFacets,
  withoutGroups,
} from "../../domain/suppliers/supplier-facets.ts";
import type { Db } from "../database.ts";
import type { LabelTexts } from "../scores/label-texts.ts";
import { TOP_CONTRIBUTIONS } from "../scores/score-copy.ts";
import { readHistory, readScoringModels } from "../scores/score-history.ts";
import {
  readScores,
  type ScoredRun,
  type ScoredRunWithFeatures,
  type ScoreRow,
  scoreOf,
  withExplanation,
} from "../scores/score-rows.ts";
import { findScoredRun, latestScoredRun, runOfToken } from "../scores/scored-runs.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { type ExplainedRuns, readExplainedRuns, readStoredScores, scoreKey } from "../scores/stored-scores.ts";
import { andInScope } from "../supplier-scopes.ts";
import { mergedScores } from "./merged-scores.ts";
import { alertedMembers, type RunMerges, readRunMerges, shownFor, withSurvivors } from "./run-merges.ts";
import { findNumbers } from "./search-suppliers.ts";
import { countGroups, type LinkedRun } from "./supplier-groups.ts";
import { readPage } from "./supplier-pages.ts";
import { readSuppliers } from "./supplier-rows.ts";

/** Maximum number of suppliers that match a text and are compared with the other conditions of a list. */
export const MAX_CANDIDATES = 2_000;

export interface ListSuppliersOptions {
  /** Returns the groups of all suppliers of a run, see `createRunGroups`. */
  readonly groupsOf: (run: LinkedRun) => Promise<readonly SupplierGroup[]>;
  readonly labelTexts: LabelTexts;
  readonly links: MergeLinks;
}

const EMPTY_LIST: Omit<SupplierList, "modelNames"> = {
  ...{ suppliers: [], runId: 0, isoWeek: "", totalSize: 0, facets: null, queryTruncated: false, formula: null },
  ...{ modelName: "", mergedSuppliers: 0 },
};

/**
 * Lists the suppliers of a model's latest complete run, or of the one of a week. Later pages stay with the run of the
 * first page.
 * @throws ModelNotScoredError, RunNotFoundError, PageTokenError for a token of another model's list
 */
export async function listSuppliers(
  db: Db,
  query: SupplierQuery,
  limit: number,
  { groupsOf, labelTexts, links: allLinks }: ListSuppliersOptions,
): Promise<SupplierList> {
  const models = await listScoringModels(db);
  const modelNames = models.map(({ modelName }) => modelName);
  const { after, modelName: wanted, hasActiveAlerts } = query;
  const run = after
    ? await runOfToken(db, after.runId, wanted)
    : await listedRun(db, models, { modelName: wanted, isoWeek: query.isoWeek });
  if (!run) return { ...EMPTY_LIST, modelNames };
  // What does not depend on each other is read at the same time, with a connection each.
  const { scope } = query;
  const links = scope ? NO_MERGES : allLinks;
  const [explained, found, labels, visible, alone, whole, merges] = await Promise.all([
    readExplainedRuns(db, [run.id]),
    query.query === "" ? null : findNumbers(db, query.query, MAX_CANDIDATES + 1, scope),
    labelFilter(db, query),
    scope && labelFilter(db, { ...NO_CONDITIONS, ...scope }),
    hasActiveAlerts === undefined ? undefined : alertedSuppliers(db, run.modelName),
    groupsOf(run),
    readRunMerges(db, run, links),
  ]);
  const { represented } = merges;
  const alerted = alone && withMembers(links, alone);
  const alertedByMerge = hasActiveAlerts === undefined || alone ? [] : await alertedMembers(db, links, run.modelName);
  const matching = found?.slice(0, MAX_CANDIDATES);
  const candidates = candidatesOf(
    matching && withMembers(links, matching),
    query.watched && withMembers(links, query.watched),
  );
  const restricted = restrictions(query, run, { candidates, alerted, alertedByMerge });
  const notRepresented =
    represented.length === 0 ? [] : [sql`s.supplier <> all(${sql.param([...represented])}::int[])`];
  const isCounted = hasActiveAlerts !== false || query.withoutExposure;
  const runSize = whole.reduce((sum, { suppliers }) => sum + suppliers, 0);
  const all =
    represented.length === 0
      ? whole
      : withoutGroups(whole, await countGroups(db, run.id, isOneOf(run.id, represented)));
  const conditions = [
    ...[...restricted, ...notRepresented, ...conditionsOf(query, labels, run)],
    ...(visible ? conditionsOf(NO_CONDITIONS, visible, run) : []),
  ];
  const range = query.bands.length === 0 ? null : scoreRange(whole, query.bands);
  const few = fewFound({ candidates, alerted: hasActiveAlerts ? alerted : undefined });
  const page = { ...query, conditions, runSize, range, areListed: few !== undefined };
  const readRows = (size: number) => readPage(db, run, { ...page, totalSize: size }, limit);
  const [counted, early] = await Promise.all([
    groupsThat(db, run.id, all, { restricted, notRepresented, isCounted, candidates, alerted }),
    few === undefined ? undefined : readRows(few),
  ]);
  const groups = groupsWithin(counted, visible);
  const totalSize = countSuppliers(groups, labels, run.features);
  const rows = early ?? (totalSize === 0 ? [] : await readRows(totalSize));
  const facets = query.includeFacets ? supplierFacets(groups, labels, run.features) : null;
  return {
    suppliers: await withScores(db, run, rows, { labelTexts, merges, explained }),
    mergedSuppliers: represented.length,
    ...{ runId: run.id, isoWeek: run.isoWeek, formula: run.formula, modelName: run.modelName, modelNames },
    totalSize,
    facets: facets && {
      ...facets,
      regions: await named(labelTexts, facets.regions),
      categories: await named(labelTexts, facets.categories),
    },
    queryTruncated: found !== null && found.length > MAX_CANDIDATES,
  };
}

/** Returns the suppliers that match the text and are in the watchlist. Undefined: neither is a condition. */
function candidatesOf(
  found: readonly number[] | undefined,
  watched: readonly number[] | undefined,
): readonly number[] | undefined {
  if (!found || !watched) return found ?? watched;
  const listed = new Set(watched);
  return found.filter((supplier) => listed.has(supplier));
}

/** Returns the suppliers of a page with their scores, in the order of the page. */
async function withScores(
  db: Db,
  run: ScoredRunWithFeatures,
  rows: readonly ScoreRow[],
  {
    labelTexts,
    merges: { links },
    explained,
  }: { readonly labelTexts: LabelTexts; readonly merges: RunMerges; readonly explained: ExplainedRuns },
): Promise<readonly Supplier[]> {
  const numbers = rows.map(({ supplier }) => supplier);
  const keys = numbers.map((supplier) => ({ runId: run.id, supplier }));
  const [suppliers, stored] = await Promise.all([
    readSuppliers(db, withSurvivors(links, numbers), {
      ...{ modelName: run.modelName, withIdentifiers: false, withMerges: !links.isEmpty, labelTexts },
    }),
    readStoredScores(db, keys, explained),
  ]);
  return rows.flatMap((row) => {
    const one = shownFor(row.supplier, suppliers, links);
    if (!one) return [];
    const { shown, scored, scoredSupplierId } = one;
    const found = stored.get(scoreKey({ runId: run.id, supplier: row.supplier }));
    const score = withLargest(withExplanation(scoreOf(row, run, scored.exposure), found));
    // The number is that of the score, after which the next page begins.
    return [{ ...shown, number: row.supplier, latestScore: { ...score, scoredSupplierId } }];
  });
}

/** Returns the run of a list's first page. Undefined: no run is complete. @throws ModelNotScoredError, RunNotFoundError */
async function listedRun(
  db: Db,
  models: readonly ScoringModel[],
  { modelName: wanted, isoWeek }: Pick<SupplierQuery, "modelName" | "isoWeek">,
): Promise<ScoredRunWithFeatures | undefined> {
  if (isoWeek === "") return await latestScoredRun(db, models, wanted);
  const modelName = chooseModel(models, wanted) ?? "";
  const run = await findScoredRun(db, isoWeek, modelName);
  if (!run) throw new RunNotFoundError(`a complete run of ${isoWeek} by the model ${JSON.stringify(modelName)}`);
  return run;
}

/** Returns a score for a list: with only the largest contributions and reasons. */
function withLargest({ explanation, ...score }: SupplierScore): SupplierScore {
  if (explanation === null) return { ...score, explanation };
  return {
    ...score,
    explanation: {
      ...explanation,
      contributions: explanation.contributions.slice(0, TOP_CONTRIBUTIONS),
      reasons: explanation.reasons.slice(0, TOP_CONTRIBUTIONS),
    },
  };
}

type LabelledFilter = Pick<SupplierFilter, "bands" | "regions" | "categories" | "changes" | "completenessBelow">;

const NO_CONDITIONS: LabelledFilter = {
  ...{ bands: [], regions: [], categories: [], changes: [] },
  completenessBelow: undefined,
};

/** Returns the filter with regions and categories as ids of labels. */
async function labelFilter(db: Db, filter: LabelledFilter): Promise<GroupFilter> {
  const { bands, regions, categories, changes, completenessBelow } = filter;
  const values = [...new Set([...regions, ...categories])].filter((value) => value !== "");
  const { rows } =
    values.length === 0
      ? { rows: [] }
      : await db.execute<{ id: number; kind: string; value: string }>(sql`
          select id, kind, value from bellwether.label
          where kind in ('region', 'category') and value = any(${sql.param(values)}::text[])`);
  const ids = new Map(rows.map(({ id, kind, value }) => [`${kind}/${value}`, id]));
  const idOf = (kind: string) => (value: string) => (value === "" ? 0 : (ids.get(`${kind}/${value}`) ?? NO_LABEL));
  return {
    ...{ bands, changes, completenessBelow },
    regions: regions.map(idOf("region")),
    categories: categories.map(idOf("category")),
  };
}

/** The id of a label that does not exist. */
const NO_LABEL = -1;

/** Maximum number of suppliers with alerts that are read before their scores. */
const MAX_ALERTED = 5_000;

/** Returns the suppliers with an active alert of a model. Undefined: there are too many to look each up. */
async function alertedSuppliers(db: Db, modelName: string): Promise<readonly number[] | undefined> {
  const { rows } = await db.execute<{ supplier: number }>(sql`
    select distinct supplier_id as supplier from bellwether.alert
    where model_name = ${modelName} and state <> 'resolved' limit ${MAX_ALERTED + 1}::int`);
  return rows.length > MAX_ALERTED ? undefined : rows.map(({ supplier }) => supplier);
}

/** Suppliers that were found before their scores. Undefined: there is no condition, or there are too many. */
interface FoundBefore {
  /** Suppliers that match the text and are in the watchlist. */
  readonly candidates: readonly number[] | undefined;
  /** Suppliers with an active alert. */
  readonly alerted: readonly number[] | undefined;
}

/** The numbers are one text: the driver would convert each of thousands apart. */
const isOneOf = (runId: number, suppliers: readonly number[]): SQL =>
  sql`s.run = ${runId}::int and s.supplier = any(${`{${suppliers.join()}}`}::int[])`;

/** Returns the conditions on the score `s` that the groups of a run cannot answer. */
function restrictions(
  { hasActiveAlerts, withoutExposure }: SupplierFilter,
  run: ScoredRun,
  { candidates, alerted, alertedByMerge }: FoundBefore & { readonly alertedByMerge: readonly number[] },
): SQL[] {
  const alertsOfOne = sql`exists (select from bellwether.alert a
    where a.supplier_id = s.supplier and a.model_name = ${run.modelName} and a.state <> 'resolved')`;
  const alerts =
    alertedByMerge.length === 0
      ? alertsOfOne
      : sql`(${alertsOfOne} or s.supplier = any(${sql.param([...alertedByMerge])}::int[]))`;
  // Runs of earlier releases have not recorded the exposure.
  const unknown =
    run.formula === null
      ? sql`(select u.exposure is null from bellwether.supplier u where u.id = s.supplier)`
      : sql`s.exposure is null`;
  const text = [
    ...(candidates ? [isOneOf(run.id, candidates)] : []),
    ...(withoutExposure ? [sql`s.p is not null and ${unknown}`] : []),
  ];
  if (hasActiveAlerts === undefined) return text;
  if (alerted === undefined) return [...text, hasActiveAlerts ? alerts : sql`not ${alerts}`];
  const listed = new Set(alerted);
  if (!hasActiveAlerts) {
    if (candidates)
      return [
        ...text,
        isOneOf(
          run.id,
          candidates.filter((supplier) => !listed.has(supplier)),
        ),
      ];
    return [...text, sql`s.supplier <> all(${sql.param([...alerted])}::int[])`];
  }
  const both = candidates ? candidates.filter((supplier) => listed.has(supplier)) : alerted;
  return [...text, isOneOf(run.id, both)];
}

/** Returns the largest number of scores that a page can have. Undefined: they are not so few that all are sorted. */
function fewFound({ candidates, alerted }: FoundBefore): number | undefined {
  const few = Math.min(candidates?.length ?? Number.POSITIVE_INFINITY, alerted?.length ?? Number.POSITIVE_INFINITY);
  return few <= MAX_CANDIDATES ? few : undefined;
}

/**
 * Returns the groups of the scores that meet the restrictions. The suppliers without an alert are counted as all
 * others: there are many more of them than suppliers with one.
 */
async function groupsThat(
  db: Db,
  runId: number,
  all: readonly SupplierGroup[],
  {
    restricted,
    notRepresented,
    isCounted,
    candidates,
    alerted,
  }: FoundBefore & {
    readonly restricted: readonly SQL[];
    readonly notRepresented: readonly SQL[];
    /** Whether the suppliers are counted themselves. */
    readonly isCounted: boolean;
  },
): Promise<readonly SupplierGroup[]> {
  if (restricted.length === 0) return all;
  const allOf = (conditions: readonly SQL[]): SQL => sql.join([...conditions, ...notRepresented], sql` and `);
  if (isCounted || candidates || !alerted) return await countGroups(db, runId, allOf(restricted));
  return withoutGroups(all, await countGroups(db, runId, allOf([isOneOf(runId, alerted)])));
}

/**
 * Returns the conditions on the score `s` that the groups of a run can answer too. They compare columns, not
 * expressions, so that the server can estimate how many scores meet them.
 */
function conditionsOf(
  { bands, changes, completenessBelow }: LabelledFilter,
  labels: GroupFilter,
  run: ScoredRunWithFeatures,
): SQL[] {
  const label = (column: SQL, ids: readonly number[]): SQL[] => {
    if (ids.length === 0) return [];
    const isOneOf = sql`${column} = any(${sql.param([...ids])}::int[])`;
    return [ids.includes(0) ? sql`(${isOneOf} or ${column} is null)` : isOneOf];
  };
  return [
    ...(bands.length === 0 ? [] : [sql`s.band = any(${sql.param(bands.map((band) => BAND_NUMBERS[band]))}::int2[])`]),
    ...label(sql`s.region`, labels.regions),
    ...label(sql`s.category`, labels.categories),
    ...(changes.length === 0
      ? []
      : [
          sql`(${sql.join(
            changes.map((change) => CHANGES[change]),
            sql` or `,
          )})`,
        ]),
    ...(completenessBelow === undefined
      ? []
      : [sql`s.present < ${presentBelow(completenessBelow, run.features)}::int`]),
  ];
}

const CHANGES: Readonly<Record<ChangeDirection, SQL>> = {
  up: sql`s.delta > 0`,
  down: sql`s.delta < 0`,
  none: sql`s.delta = 0`,
  unknown: sql`s.delta is null`,
};

/** Returns the lowest number of features whose share is not below a limit. 0: the number is not recorded. */
function presentBelow(limit: number, features: number): number {
  if (features === 0) return 0;
  let present = 0;
  while (present <= features && present / features < limit) present++;
  return present;
}

async function named(
  labelTexts: LabelTexts,
  facets: readonly { readonly value: number; readonly suppliers: number }[],
) {
  const texts = await labelTexts(facets.map(({ value }) => value));
  return facets.map(({ value, suppliers }) => ({ value: texts.get(value) ?? "", suppliers }));
}

/**
 * Returns a supplier with all contributions of its latest score by one model, and the scores of that model,
 * newest first, without contributions. Without a model name: the default of `chooseModel` or, if it has never
 * scored the supplier, the model that scored it last. Undefined: there is no such supplier in the scope.
 * @throws ModelNotScoredError
 */
export async function findSupplier(
  db: Db,
  supplierId: string,
  {
    weeks,
    modelName: wanted,
    scope,
  }: { readonly weeks: number; readonly modelName: string; readonly scope: SupplierScope | undefined },
  labelTexts: LabelTexts,
): Promise<SupplierHistory | undefined> {
  const number = await findSupplierNumber(db, supplierId, scope);
  if (number === undefined) return undefined;
  const scorers = await readScoringModels(db, number);
  const modelName = chooseModelOf(scorers, await listScoringModels(db), wanted);
  const details = { modelName, withIdentifiers: true, withMerges: scope === undefined, labelTexts };
  const known = (await readSuppliers(db, [number], details)).get(number);
  if (!known) return undefined;
  const history = await readHistory(db, number, { modelName, weeks });
  const latest = await latestOf(db, known, history[0]);
  return {
    supplier: { ...known, latestScore: latest?.score ?? null },
    history: history.map(({ score }) => score),
    formula: latest?.formula ?? null,
    modelName,
    scoredByModels: scorers.toSorted(),
    mergedScores: await mergedScores(db, known, { modelName, labelTexts }),
  };
}

/** Returns the number of a supplier. Undefined: no supplier of the scope has the id. */
export async function findSupplierNumber(
  db: Db,
  supplierId: string,
  scope: SupplierScope | undefined,
): Promise<number | undefined> {
  const { rows } = await db.execute<{ id: number }>(
    sql`select id from bellwether.supplier where external_id = ${supplierId}${andInScope(scope, sql`supplier`)}`,
  );
  return rows[0]?.id;
}

/** Returns the latest score of a history with its explanation, from the table of its run. */
async function latestOf(db: Db, { number, exposure }: Supplier, newest: { readonly run: ScoredRun } | undefined) {
  if (!newest) return undefined;
  const key = { runId: newest.run.id, supplier: number };
  const [scores, stored] = await Promise.all([readScores(db, newest.run, [number]), readStoredScores(db, [key])]);
  const row = scores.get(number);
  if (!row) return undefined;
  // The explanation has the number of features.
  const run = { ...newest.run, features: 0 };
  const score = withExplanation(scoreOf(row, run, exposure), stored.get(scoreKey(key)));
  return { score, formula: newest.run.formula };
}
