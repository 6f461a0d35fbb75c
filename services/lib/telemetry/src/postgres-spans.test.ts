import { copyRows } from "@bellwether/storage/copy-rows";
import { openPostgres } from "@bellwether/storage/open-postgres";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Sql } from "postgres";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { summarize } from "./postgres-spans.ts";
import { recordSpans } from "./recorded-spans-fixture.ts";

const recorded = recordSpans();
let cluster: PostgresCluster;
let sql: Sql;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  sql = await openPostgres(await cluster.createDatabase(), { max: 2 });
  await sql.unsafe("create table supplier (id int primary key, name text)");
});
afterAll(async () => {
  await sql.end();
  await cluster[Symbol.asyncDispose]();
});
afterEach(() => recorded.reset());

/** Runs work in a recorded span and gives its children that ended. */
async function childrenOf(work: () => Promise<unknown>) {
  const parent = trace.getTracer("test").startSpan("parent");
  const { spanId } = parent.spanContext();
  await context.with(trace.setSpan(ROOT_CONTEXT, parent), work).catch(() => {});
  return recorded.ended().filter((span) => span.parentSpanContext?.spanId === spanId);
}

test("a query is a CLIENT span with operation and table, without its text and its parameters", async () => {
  const [span] = await childrenOf(() => sql.unsafe("insert into supplier values ($1, $2)", [1, "Secret Ltd"]));
  expect(span).toMatchObject({ name: "INSERT supplier", kind: SpanKind.CLIENT });
  expect(span?.attributes).toEqual({
    "db.system.name": "postgresql",
    "db.operation.name": "INSERT",
    "db.collection.name": "supplier",
    "db.query.summary": "INSERT supplier",
  });
});

test("a failed query tells its SQLSTATE and no text", async () => {
  const [span] = await childrenOf(() => sql.unsafe("select secret from supplier"));
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: "42703" });
  expect(JSON.stringify([span?.attributes, span?.events])).not.toContain("secret");
});

test("queries of a transaction and of its savepoint are children of whoever began it", async () => {
  const names = (
    await childrenOf(() =>
      sql.begin(async (tx) => {
        await tx.unsafe("select 1");
        await tx.savepoint((inner) => inner.unsafe("update supplier set name = ''"));
      }),
    )
  ).map(({ name }) => name);
  expect(names).toEqual(["BEGIN", "SELECT", "UPDATE supplier"]);
});

test("a COPY lasts until its rows are stored", async () => {
  const copied = await childrenOf(() =>
    sql.begin(async (tx) => {
      const target = await tx.unsafe("copy supplier from stdin").writable();
      expect(recorded.ended().map(({ name }) => name)).toEqual(["BEGIN"]);
      await new Promise<void>((resolve, reject) => target.on("error", reject).end("2\ttwo\n", () => resolve()));
    }),
  );
  expect(copied.map(({ name }) => name)).toEqual(["BEGIN", "COPY supplier"]);
});

test("a COPY that is refused ends with its SQLSTATE", async () => {
  const [span] = await childrenOf(() =>
    copyRows(sql, "copy supplier from stdin", Buffer.from("no number\tSecret Ltd\n")),
  );
  expect(span).toMatchObject({ name: "COPY supplier", status: { code: SpanStatusCode.ERROR, message: "22P02" } });
});

test("outside a recorded span a query writes none", async () => {
  await sql.unsafe("select 1");
  expect(recorded.ended()).toEqual([]);
});

test.each([
  ['insert into "bellwether"."scores" ("a") values ($1)', "INSERT", "bellwether.scores"],
  ["\n  select 1", "SELECT", undefined],
  ["with x as (select 1) select * from x", "WITH", "x"],
  ["copy bellwether.score_r1 from stdin (format binary)", "COPY", "bellwether.score_r1"],
  ["", "SQL", undefined],
])("%j is %s of %s", (text, operation, table) => {
  expect(summarize(text)).toEqual({ operation, table });
});
