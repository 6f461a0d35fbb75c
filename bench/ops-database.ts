import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, rm, stat, statfs, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { takeProcessLock } from "@bellwether/files/process-lock";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { startService } from "@bellwether/testing/service-process";
import type { BenchContext } from "./metric.ts";

/** A database with the suppliers and scores of the benchmark. */
export interface OpsDatabase extends AsyncDisposable {
  readonly url: string;
  readonly pool: PostgresPool;
}

export interface OpsSize {
  readonly suppliers: number;
  readonly weeks: number;
  /** Number of suppliers that each week scores: every tenth supplier. */
  readonly scores: number;
}

const ROOT = path.resolve(import.meta.dirname, "..");
const KEPT = "bellwether-bench-ops-";
/** Number of databases that are kept: those of two branches. */
const MAX_KEPT = 2;
/** Features of the model, and rows of a chunk. */
const FEATURES = 16;
const CHUNK_ROWS = 4_096;
const NEEDED_BYTES = 8 * 2 ** 30;

/**
 * Opens the database of the benchmark, 2 GB. It is kept in the system's temporary folder for the next run of every
 * checkout with the same migrations and the same way of making it. One process uses it at a time.
 */
export async function openOpsDatabase(size: OpsSize, { log }: BenchContext): Promise<OpsDatabase> {
  const state = stateOf(size);
  const folder = path.join(os.tmpdir(), `${KEPT}${state.slice(0, 16)}`);
  await using opening = new AsyncDisposableStack();
  opening.use(await takeProcessLock(`${folder}.lock`));
  let server = await start(folder);
  opening.defer(() => server.stop());
  let pool = await openPostgres(server.url, { max: 1 });
  opening.defer(() => pool.close());
  if (!(await isComplete(pool, state))) {
    await pool.close();
    await server.stop();
    await removeFolder(folder, server.log);
    await removeOld();
    const { bavail, bsize } = await statfs(os.tmpdir());
    if (bavail * bsize < NEEDED_BYTES)
      throw new Error(`the benchmark needs ${NEEDED_BYTES / 2 ** 30} GiB of free disk in ${os.tmpdir()}`);
    server = await start(folder);
    pool = await openPostgres(server.url, { max: 1 });
    log(`making ${size.suppliers} suppliers and ${size.weeks} weeks of ${size.scores} scores`);
    const began = performance.now();
    // The service creates the tables.
    await (await startService("ops-service", { DATABASE_URL: server.url })).stop();
    await fill(pool, size, log);
    await pool.query("create table public.bench as select $1::text as state", [state]);
    const { rows } = await pool.query<{ bytes: string }>("select pg_database_size(current_database())::text as bytes");
    const seconds = (performance.now() - began) / 1000;
    log(`made in ${seconds.toFixed(0)} s, ${(Number(rows[0]?.bytes) / 2 ** 30).toFixed(1)} GiB`);
  } else await touch(folder);
  const opened = opening.move();
  return { url: server.url, pool, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const start = (dir: string) =>
  startEmbeddedPostgres({ dir, settings: { fsync: "off", maintenance_work_mem: "256MB", max_wal_size: "4GB" } });

/** Whether the database was made to its end. */
async function isComplete(pool: PostgresPool, state: string): Promise<boolean> {
  const { rows: tables } = await pool.query<{ isThere: boolean }>(
    `select to_regclass('public.bench') is not null as "isThere"`,
  );
  if (!tables[0]?.isThere) return false;
  const { rows } = await pool.query<{ state: string }>("select state from public.bench");
  return rows[0]?.state === state;
}

const touch = (folder: string): Promise<void> => utimes(folder, new Date(), new Date());

/** Removes a database. Its cluster can be in another folder than was asked for: that of the log. */
async function removeFolder(folder: string, log: string): Promise<void> {
  await rm(path.dirname(log), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Removes the databases that were used least recently, so that the new one is one of `MAX_KEPT`. */
async function removeOld(): Promise<void> {
  const names = (await readdir(os.tmpdir())).filter((name) => name.startsWith(KEPT) && !name.includes(".lock"));
  const folders = await Promise.all(
    names.map(async (name) => {
      const folder = path.join(os.tmpdir(), name);
      return { folder, usedMs: (await stat(folder)).mtimeMs };
    }),
  );
  for (const { folder } of folders.sort((a, b) => b.usedMs - a.usedMs).slice(MAX_KEPT - 1)) {
    // A database that another process uses stays.
    const lock = await takeProcessLock(`${folder}.lock`).catch(() => undefined);
    if (!lock) continue;
    await rm(folder, { recursive: true, force: true });
    await lock[Symbol.asyncDispose]();
  }
}

/** Returns a text that changes when the data of the benchmark would be others. */
function stateOf(size: OpsSize): string {
  const migrations = path.join(ROOT, "services/ops-service/migrations");
  const hash = createHash("sha256")
    .update(JSON.stringify(size))
    .update(readFileSync(import.meta.filename));
  for (const file of readdirSync(migrations)
    .filter((name) => name.endsWith(".sql"))
    .sort())
    hash.update(readFileSync(path.join(migrations, file)));
  return hash.digest("hex");
}

async function fill(
  pool: PostgresPool,
  { suppliers, weeks, scores }: OpsSize,
  log: BenchContext["log"],
): Promise<void> {
  // Without the checks of foreign keys, and with the indexes made last: a third of the time.
  await pool.query("set session_replication_role = replica");
  const { rows: indexes } = await pool.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where indrelid = 'bellwether.supplier_search'::regclass and not indisprimary`,
  );
  for (const { name } of indexes) await pool.query(`drop index ${name}`);
  await pool.query("alter table bellwether.score_history drop constraint score_history_pkey");
  await pool.query(`
    insert into bellwether.label (kind, value)
    select 'region', 'Region ' || i from generate_series(1, 20) i
    union all select 'category', 'Category ' || i from generate_series(1, 60) i`);
  await pool.query(SUPPLIERS, [suppliers]);
  await pool.query(`
    insert into bellwether.supplier_search (supplier_id, id_key, name_key)
    select id, lower(external_id), lower(name) from bellwether.supplier`);
  await pool.query(`
    insert into bellwether.supplier_match (supplier_id, match_key)
    select id, replace(lower(name), ' ', '-') from bellwether.supplier`);
  await pool.query(`
    insert into bellwether.supplier_identifier (supplier_id, kind, value, key)
    select id, 'vat', 'DE ' || (100000000 + id * 7), 'de' || (100000000 + id * 7) from bellwether.supplier where id % 2 = 0`);
  for (const { definition } of indexes) await pool.query(definition);
  log("suppliers made");
  for (let week = 1; week <= weeks; week++) {
    await fillWeek(pool, { week, weeks, step: Math.floor(suppliers / scores) });
    if (week % 10 === 0) log(`${week} weeks made`);
  }
  await pool.query(
    "alter table bellwether.score_history add constraint score_history_pkey primary key (supplier, run)",
  );
  await pool.query(ALERTS);
  await pool.query("vacuum analyze");
}

/** Names of a made-up word, a trade and a legal form, as in lists of companies. */
const SUPPLIERS = `
  insert into bellwether.supplier (external_id, name, region_id, category_id, exposure)
  select 'S_' || lpad(i::text, 7, '0'),
    initcap(s[1 + i * 7919 % 20] || s[1 + i / 20 * 104729 % 20] || s[1 + i / 400 * 1299709 % 20]) || ' ' ||
      t[1 + i * 31 % 40] || ' ' || f[1 + i % 8],
    1 + i / 10 * 13 % 20, 21 + i / 10 * 17 % 60, case when i % 20 = 0 then null else 1000 + i * 48271 % 1000003 end
  from generate_series(1, $1::bigint) i,
    (select '{ba,ko,mer,tis,lan,dor,vek,sul,ran,pol,gar,nim,hes,tor,bru,cal,fen,jus,wol,zet}'::text[] as s,
      '{Steel,Logistics,Foods,Plastics,Tools,Energy,Textiles,Paper,Glass,Chemicals,Motors,Packaging,Systems,Trading,Metals,Freight,Foundry,Optics,Ceramics,Timber,Rubber,Coatings,Bearings,Castings,Cables,Pumps,Valves,Sensors,Farms,Mills,Press,Print,Cement,Marine,Aero,Rail,Labs,Works,Parts,Supply}'::text[] as t,
      '{GmbH,AG,Ltd,Inc,SA,BV,SpA,Oy}'::text[] as f) words`;

/** The latest two weeks have contributions and values, as lists and suppliers show them. */
async function fillWeek(
  pool: PostgresPool,
  { week, weeks, step }: { readonly week: number; readonly weeks: number; readonly step: number },
): Promise<void> {
  const isoWeek = `${2025 + Math.floor((week - 1) / 52)}-W${String(((week - 1) % 52) + 1).padStart(2, "0")}`;
  const names = JSON.stringify(Array.from({ length: FEATURES }, (_, i) => `feature_${i}`));
  const { rows } = await pool.query<{ id: number }>(
    `insert into bellwether.run (iso_week, model_name, state, stage, fence, holder, previous_run_id, scored_by, impact_formula, completed_at, history_stored)
     values ($1, 'supplier-risk', 'complete', 'complete', 1, 'bench', (select max(id) from bellwether.run),
       jsonb_build_object('name', 'supplier-risk', 'version', 'v1', 'outputSpace', 'margin', 'baseValue', -1, 'columnNames', $2::jsonb),
       '{"currency": "EUR", "exchangeRates": {}, "weights": {"low": 0.5, "normal": 1, "high": 2, "critical": 4}, "unknownExposure": 1}',
       now() - make_interval(weeks => $3), true) returning id`,
    [isoWeek, names, weeks - week],
  );
  const run = rows[0]?.id ?? 0;
  await pool.query(
    `insert into bellwether.run_features (run_id, features)
     select $1, jsonb_agg(jsonb_build_object('name', n, 'kind', 'numeric', 'unit', 'days', 'typical', 1, 'direction', 'unknown', 'categories', '[]'::jsonb))
     from jsonb_array_elements_text($2::jsonb) n`,
    [run, names],
  );
  for (const table of ["score", "score_chunk"])
    await pool.query(
      `create table bellwether.${table}_r${run} (like bellwether.${table} including defaults, check (run = ${run}))`,
    );
  await pool.query(
    `alter table bellwether.score_chunk_r${run} alter column phi set storage external, alter column vals set storage external`,
  );
  await pool.query(`
    insert into bellwether.score_r${run} (run, supplier, p, delta, band, impact, chunk, pos, region, category, exposure, present, previous_chunk, previous_pos, top)
    select ${run}, id, p, d, case when p >= 0.7 then 4 when p >= 0.4 then 3 else 2 end, p * coalesce(exposure, 1),
      n / ${CHUNK_ROWS}, n % ${CHUNK_ROWS}, region_id, category_id, exposure, ${FEATURES} - (case when n % 9 = 0 then n % 7 else 0 end),
      n / ${CHUNK_ROWS}, n % ${CHUNK_ROWS}, ''
    from (
      select u.*, id / ${step} - 1 as n, power(random(), 3) as p, (random() - 0.5) / 5 as d
      from bellwether.supplier u where id % ${step} = 0
    ) u`);
  if (week > weeks - 2)
    await pool.query(
      `insert into bellwether.score_chunk_r${run} (run, chunk, phi, vals)
       select ${run}, c, decode(repeat('cdcccc3d', ${CHUNK_ROWS * FEATURES}), 'hex'), decode(repeat('00004040', ${CHUNK_ROWS * FEATURES}), 'hex')
       from (select distinct chunk as c from bellwether.score_r${run}) chunks`,
    );
  for (const statement of [
    `alter table bellwether.score_r${run} add primary key (run, supplier)`,
    `create index on bellwether.score_r${run} (impact desc, supplier desc)`,
    `create index on bellwether.score_r${run} (p, supplier)`,
    `create index on bellwether.score_r${run} (delta, supplier)`,
    `create index on bellwether.score_r${run} (exposure, supplier)`,
    `create index on bellwether.score_r${run} (region, category)`,
    `alter table bellwether.score_chunk_r${run} add primary key (run, chunk)`,
    `alter table bellwether.score attach partition bellwether.score_r${run} for values in (${run})`,
    `alter table bellwether.score_chunk attach partition bellwether.score_chunk_r${run} for values in (${run})`,
    `insert into bellwether.score_history (supplier, run, p, impact, delta, completeness, band)
     select supplier, run, p, case when exposure is not null then impact end, delta, present::real / ${FEATURES}, band
     from bellwether.score_r${run} order by supplier`,
  ])
    await pool.query(statement);
}

/** One alert about each of the 2,000 suppliers of highest impact. */
const ALERTS = `
  insert into bellwether.alert (id, supplier_id, model_name, rule_id, dimension, severity, rule_severity, state, risk_score,
    raised_run_id, last_run_id, raised_at, changed_at, summary, change_id)
  select gen_random_uuid(), supplier, 'supplier-risk', 'high-score', 'score', 'warning', 'warning', 'open', p, run, run, now(), now(), '', 1
  from bellwether.score where run = (select max(id) from bellwether.run) order by impact desc limit 2000`;
