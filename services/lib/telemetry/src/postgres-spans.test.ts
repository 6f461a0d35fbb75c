import { copyRows } from "@bellwether/postgres/pool/copy-rows";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { recordSpans } from "@bellwether/testing/recorded-spans";
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { summarize } from "./postgres-spans.ts";

const recorded = recordSpans();
let cluster: PostgresServer;
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await usePostgres();
  pool = await openPostgres(await cluster.createDatabase(), { max: 2 });
  await pool.query("create table supplier (id int primary key, name text)");
});
afterAll(async () => {
  await pool.close();
  await cluster[Symbol.asyncDispose]();
});
afterEach(() => recorded.reset());

/** Runs work in a recorded span and returns the child spans that have ended. */
async function childrenOf(work: () => Promise<unknown>) {
  const parent = trace.getTracer("test").startSpan("parent");
  const { spanId } = parent.spanContext();
  await context.with(trace.setSpan(ROOT_CONTEXT, parent), work).catch(() => {});
  return recorded.ended().filter((span) => span.parentSpanContext?.spanId === spanId);
}

test("a query is a CLIENT span with operation and table, without its text and parameters", async () => {
  const [span] = await childrenOf(() => pool.query("insert into supplier values ($1, $2)", [1, "Secret Ltd"]));
  expect(span).toMatchObject({ name: "INSERT supplier", kind: SpanKind.CLIENT });
  expect(span?.attributes).toEqual({
    "db.system.name": "postgresql",
    "db.operation.name": "INSERT",
    "db.collection.name": "supplier",
    "db.query.summary": "INSERT supplier",
  });
});

test("the span of a failed query has the SQLSTATE and no error text", async () => {
  const [span] = await childrenOf(() => pool.query("select secret from supplier"));
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: "42703" });
  expect(JSON.stringify([span?.attributes, span?.events])).not.toContain("secret");
});

test("queries of a transaction are children of the span in which the transaction began", async () => {
  const names = (
    await childrenOf(() =>
      inTransaction(pool, async (tx) => {
        await tx.query("select 1");
        await tx.query("update supplier set name = ''");
      }),
    )
  ).map(({ name }) => name);
  expect(names).toEqual(["BEGIN", "SELECT", "UPDATE supplier", "COMMIT"]);
});

test("a query that waits for a connection is a child of the span that sent it", async () => {
  const askers = Array.from({ length: 8 }, (_, n) => childrenOf(() => pool.query("select $1::int", [n])));
  for (const spans of await Promise.all(askers)) expect(spans.map(({ name }) => name)).toEqual(["SELECT"]);
});

test("the span of a COPY lasts until its rows are stored", async () => {
  const copied = await childrenOf(() =>
    inTransaction(pool, async (tx) => {
      const storing = copyRows(tx, "copy supplier from stdin", Buffer.from("2\ttwo\n"));
      expect(recorded.ended().map(({ name }) => name)).toEqual(["BEGIN"]);
      await storing;
    }),
  );
  expect(copied.map(({ name }) => name)).toEqual(["BEGIN", "COPY supplier", "COMMIT"]);
});

test("the span of a rejected COPY ends with its SQLSTATE", async () => {
  const spans = await childrenOf(() =>
    inTransaction(pool, (tx) => copyRows(tx, "copy supplier from stdin", Buffer.from("no number\tSecret Ltd\n"))),
  );
  const copy = spans.find(({ name }) => name === "COPY supplier");
  expect(copy).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: "22P02" } });
});

test("a query outside a recorded span has no span", async () => {
  await pool.query("select 1");
  expect(recorded.ended()).toEqual([]);
});

test.each([
  ['insert into "bellwether"."scores" ("a") values ($1)', "INSERT", "bellwether.scores"],
  ["\n  select 1", "SELECT", undefined],
  ["with x as (select 1) select * from x", "WITH", "x"],
  ["copy bellwether.score_r1 from stdin (format binary)", "COPY", "bellwether.score_r1"],
  ["", "SQL", undefined],
])("%j has the operation %s and the table %s", (text, operation, table) => {
  expect(summarize(text)).toEqual({ operation, table });
});
