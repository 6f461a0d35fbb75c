import { afterAll, beforeAll, expect, test } from "vitest";
import { Workspace } from "../duckdb/workspace.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS } from "./allowed-functions.ts";
import { checkExpressions, checkSelect } from "./select-statement.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.open({ limits: DEFAULT_LIMITS });
  await workspace.run(
    'create table suppliers (id varchar, day date, until date, amount double, words varchar[], current_date date, "user" varchar)',
  );
  await workspace.run('create table "raw suppliers" (id varchar)');
  workspace.tables.add("suppliers");
  await workspace.lock();
});
afterAll(() => workspace[Symbol.asyncDispose]());

const problemOf = async (sql: string): Promise<string> =>
  checkSelect(workspace, "steps[0] (s)", sql).then(
    () => "accepted",
    (error: Error) => error.message,
  );

test.each([
  // Other case, quotes, schemas, other ways to call.
  ["select random() from suppliers", "random() returns a different value in every run"],
  ["select RANDOM() from suppliers", "random() returns"],
  ['select "random"() from suppliers', "random() returns"],
  ['select "RanDom"() from suppliers', "random() returns"],
  ["select main.random() from suppliers", "random() returns"],
  ["select system.main.random() from suppliers", "random() returns"],
  ["select pg_catalog.now()", "now() returns"],
  ["select r: random() from suppliers", "random() returns"],
  ["from suppliers select random()", "random() returns"],
  ["select (1).random()", "random()"],
  ["select list_transform(words, lambda w: w || random()) from suppliers", "random() returns"],
  ["select [random() for w in words] from suppliers", "random() returns"],
  ["select sum(amount) filter (where random() > 0.5) from suppliers", "random() returns"],
  ["select sum(amount) over (order by random()) from suppliers", "random() returns"],
  ["select * from suppliers order by random()", "random() returns"],
  ["select * from suppliers limit (select 1 + random())", "random() returns"],
  ["select * replace (random() as amount) from suppliers", "random() returns"],
  ["select distinct on (random()) * from suppliers", "random() returns"],
  ["select columns(c -> random() > 1) from suppliers", "random() returns"],
  ["select case when random() > 0.5 then 1 end from suppliers", "random() returns"],
  ["select amount from suppliers group by all having random() > 0", "random() returns"],
  ["select * from suppliers qualify row_number() over (partition by random()) = 1", "random() returns"],
  ["select * from suppliers a join suppliers b on a.id = b.id and random() > 0", "random() returns"],
  ["select * from (values (random()))", "random() returns"],
  ["select * from range(cast(random() * 10 as bigint))", "random() returns"],
  ["with a as (select random() as r) select * from a", "random() returns"],
  ["with a as materialized (select random() as r) select * from a", "random() returns"],
  [
    "with recursive n as (select 1 as i union all select i + random() from n where i < 9) select * from n",
    "random() returns",
  ],
  ["select 1 union all select random()", "random() returns"],
  ["pivot suppliers on id in ('a') using sum(random())", "random() returns"],
  ["select exists (select random())", "random() returns"],
  ["select try(random())", "random() returns"],
  // Clocks.
  ["select age(day) from suppliers", "age() returns a different value in every run"],
  ["select now()", "now() returns"],
  ["select today()", "today() returns"],
  ["select current_localtimestamp()", "current_localtimestamp() returns"],
  ["select get_current_timestamp()", "get_current_timestamp() returns"],
  ["select transaction_timestamp()", "transaction_timestamp() returns"],
  ["select current_date", "current_date returns"],
  ['select "current_date" from suppliers', "current_date returns"],
  ["select Current_Timestamp", "current_timestamp returns"],
  ["select localtimestamp", "localtimestamp returns"],
  ["select alias.current_time from suppliers", "current_time returns"],
  ["select * from range(date_part('year', x.current_date)) from suppliers x", "syntax error"],
  // Chance.
  ["select uuid()", "uuid() returns"],
  ["select gen_random_uuid()", "gen_random_uuid() returns"],
  [
    "select reservoir_quantile(amount, 0.5) from suppliers",
    "reservoir_quantile() may return a different value in every run; use quantile_cont",
  ],
  [
    "select list_aggregate(words, 'reservoir_quantile', 0.5) from suppliers",
    "list_aggregate() calls a function that is named by a text",
  ],
  ["select * from suppliers using sample 1", "a sample returns different rows in every run"],
  ["select * from suppliers tablesample 10%", "a sample returns different rows in every run"],
  ["select * from suppliers tablesample reservoir(1)", "a sample returns"],
  ["select nextval('s')", "nextval() returns"],
  // SQL from texts.
  ["select * from query('select random()')", "query() runs SQL that is built from texts; write the SELECT itself"],
  ["select * from query_table('suppliers')", "query_table() runs SQL"],
  ["select * from json_execute_serialized_sql('{}')", "json_execute_serialized_sql() runs SQL"],
  // Files, network, system.
  ["select * from read_csv('/etc/passwd')", "read_csv() reads or writes files"],
  ["select * from Read_Text('/etc/passwd')", "read_text() reads or writes files"],
  ["select * from glob('/etc/*')", "glob() reads or writes files"],
  ["select * from parquet_metadata('x')", "parquet_metadata() reads or writes files"],
  ["select * from '/etc/passwd'", 'it reads the file "/etc/passwd"'],
  ["select * from 'https://example.org/x.parquet'", "it reads the file"],
  ["select getenv('HOME')", "getenv() reads or changes the state of the system"],
  ["select current_setting('threads')", "current_setting() reads"],
  ["select version()", "version() reads"],
  ["select getvariable('x')", "getvariable() reads"],
  ["select user", "user reads or changes the state of the system"],
  [
    'select "user" from suppliers',
    "user reads or changes the state of the system; use the columns of the sources, or write table.user",
  ],
  ["select * from duckdb_settings()", "duckdb_settings() reads"],
  ["select * from pragma_database_list()", "pragma_database_list() reads"],
  ["select * from duckdb_tables", 'it has no table "duckdb_tables"'],
  ["select * from information_schema.tables", "information_schema.tables is a table of the system"],
  ["select * from sqlite_master", 'it has no table "sqlite_master"'],
  ["select * from (describe suppliers)", "DESCRIBE, SHOW or SUMMARIZE"],
  ["select * from (summarize suppliers)", "DESCRIBE, SHOW or SUMMARIZE"],
  ["select * from (show tables)", "DESCRIBE, SHOW or SUMMARIZE"],
  // Tables that are not of the mapping.
  ['select * from "raw suppliers"', 'it has no table "raw suppliers"; the nearest is "suppliers"'],
  ["select * from main.suppliers", "main.suppliers is a table of the system"],
  [
    "with duckdb_tables as (select * from duckdb_tables) select * from duckdb_tables",
    'it has no table "duckdb_tables"',
  ],
  ["with a as (select * from b), b as (select 1) select * from a", 'it has no table "b"'],
  ["select (with inside as (select 1 as x) select x from inside) from inside", 'it has no table "inside"'],
  // Names that are not known.
  [
    "select lowr(id) from suppliers",
    "lowr() is not among the functions that a mapping may use; the nearest is lower()",
  ],
  ["select hash(id) from suppliers", "hash() may change with the release of DuckDB; use md5 or sha256"],
])("rejects %s", async (sql, problem) => {
  expect(await problemOf(sql)).toContain(problem);
});

test("names the line and column, in characters", async () => {
  expect(await problemOf("select id, 'Müller €' as name,\n  amount + random()\nfrom suppliers")).toMatch(
    /^mapping, steps\[0\] \(s\): line 2, column 12: random\(\) returns/,
  );
});

test.each([
  ["select 'random()' as a, id as \"random\", id as now from suppliers -- today()\n/* uuid() */"],
  ['select s.current_date, s."user", age(s.until, s.day), suppliers.amount from suppliers s, suppliers'],
  ["with a as (select * from suppliers), b as (select * from a) select * from b join A using (id)"],
  ["with recursive n(i) as (select 1 union all select i + 1 from n where i < 9) select * from n"],
  [
    "select id, row_number() over (partition by id order by day), lag(amount) over w, sum(amount) over w from suppliers window w as (order by day)",
  ],
  [
    "select count(*), count(distinct id), avg(amount) filter (where day > date '2024-01-01'), mode(id order by id), string_agg(id, ',' order by id), percentile_cont(0.5) within group (order by amount) from suppliers",
  ],
  [
    "select list_transform(words, lambda w: upper(w)), [w for w in words if w > 'a'], words[1], words[1:2], len(words), {'a': 1}, map {'a': 1} from suppliers",
  ],
  [
    "select id like 'a%', id not ilike '%b', id similar to 'c.*', id in ('a', 'b'), id between 'a' and 'b', id is distinct from 'a', not (id is null), -amount, amount ** 2, 7 // 2, 7 % 2 from suppliers",
  ],
  [
    "select extract(year from day), day + interval 3 months, day - until, date_trunc('month', day), strftime(day, '%Y'), day::timestamp at time zone 'UTC', cast(id as integer), try_cast(id as double), coalesce(id, ''), nullif(id, ''), ifnull(id, '') from suppliers",
  ],
  ["select * exclude (words) replace (amount * 2 as amount) from suppliers"],
  ["select columns('a.*') from suppliers"],
  ["select unnest(words), id from suppliers union all by name select 'x' as id"],
  ["select * from suppliers cross join range(3) r, unnest([1, 2]) u(x), generate_series(1, 2) g"],
  ["pivot suppliers on id in ('a', 'b') using sum(amount) group by day"],
  ["from suppliers select id where amount > (select avg(amount) from suppliers) order by 1 desc nulls last limit 5"],
  [
    "select if(amount > 1, 'a', 'b'), greatest(amount, 1), trim(both ' ' from id), substring(id from 1 for 2), position('a' in id) from suppliers",
  ],
])("accepts %s", async (sql) => {
  expect(await problemOf(sql)).toBe("accepted");
});

test("an expression is one expression: it cannot close the parenthesis around it", async () => {
  const problem = async (sql: string): Promise<string> =>
    checkExpressions(workspace, [
      { path: "rows.features.a", sql: "amount" },
      { path: "rows.features.b", sql },
    ]).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  expect(await problem("amount -- a comment")).toBe("accepted");
  expect(await problem("(select max(amount) from suppliers)")).toBe("accepted");
  for (const sql of ["1), (2", "1) from suppliers where (true", "1) union all select (2", "1) order by (1", " /* */ "])
    expect(await problem(sql)).toMatch(/^mapping, rows\.features\.b: (one SQL expression is expected|Parser Error)/);
  expect(await problem("1); drop table suppliers; --")).toMatch(/^mapping, rows\.features\.b: /);
  expect(await problem("amount +\n random()")).toContain("rows.features.b: line 2, column 2: random()");
});

test("every allowed function exists in DuckDB, and none of them is volatile", async () => {
  const rows = await workspace.rows(
    "select lower(function_name), function_type, stability, macro_definition from duckdb_functions()",
  );
  const known = new Map(rows.map(([name, type, stability]) => [String(name), { type, stability }]));
  // Forms of the parser that are no functions of their own.
  const forms = new Set(["coalesce", "ifnull", "ilike", "->", "percentile_cont", "percentile_disc"]);
  expect(
    [...ALLOWED_FUNCTIONS, ...ALLOWED_TABLE_FUNCTIONS].filter((name) => !known.has(name) && !forms.has(name)),
  ).toEqual([]);
  const unstable = rows.filter(
    ([name, type, stability]) => ALLOWED_FUNCTIONS.has(String(name)) && type === "scalar" && stability !== "CONSISTENT",
  );
  expect(unstable).toEqual([]);
});

test("no allowed macro calls a function that is not allowed", async () => {
  const macros = await workspace.rows(
    "select lower(function_name), macro_definition from duckdb_functions() where function_type = 'macro'",
  );
  const keywords = new Set(["when", "then", "else", "and", "or", "not", "cast", "in"]);
  const calls = macros
    .filter(([name]) => ALLOWED_FUNCTIONS.has(String(name)))
    .flatMap(([name, body]) =>
      [...String(body).matchAll(/([a-z_]\w*)\s*\(/gi)].map(([, call]) => `${name}: ${call?.toLowerCase()}`),
    )
    .filter((call) => {
      const name = call.split(": ")[1] ?? "";
      return !ALLOWED_FUNCTIONS.has(name) && !keywords.has(name);
    });
  // list_sum(l) is list_aggr(l, 'sum'): its second argument is a constant.
  expect(calls.filter((call) => !/^(?:list_\w+|array_to_string): list_aggr$/.test(call))).toEqual([]);
});
