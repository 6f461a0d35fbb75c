import { randomUUID } from "node:crypto";
import type { ExternalSource } from "@bellwether/config/external-sources";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { MissingExternalScore } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import {
  ExternalScoreRejection,
  ExternalScoreService,
} from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

const NOW = new Date("2026-06-30T12:00:00Z");
const RATING: ExternalSource = {
  ...{ name: "rating", title: "Rating of an agency", licence: "Contract 17: internal use only", min: 0, max: 100 },
  ...{ higherIsRiskier: false, staleAfterDays: 365 },
};
const FINANCE = { ...RATING, name: "finance", title: "Credit index", higherIsRiskier: true, staleAfterDays: 30 };

let cluster: PostgresServer;
let ops: OpsHarness;
let external: Client<typeof ExternalScoreService>;

beforeAll(async () => {
  cluster = await usePostgres();
  const limits = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
  const riskPolicy = createRiskPolicy(limits, { externalSources: [FINANCE, RATING] });
  ops = await startOps(await cluster.createDatabase(), { riskPolicy, now: () => NOW });
  external = createClient(ExternalScoreService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  await runWeek(
    ops,
    "2026-W20",
    Array.from({ length: 12 }, (_, i) => ({ id: `S${i}`, score: 0.5 })),
  );
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const row = (supplierId: string, score: number, asOf = "2026-06-01") => ({ supplierId, score, asOf });
const send = (rows: ReturnType<typeof row>[], over = {}) =>
  external.importExternalScores({ source: "rating", rows, ...over });
const shownOf = async (supplierId: string) =>
  new Map((await ops.suppliers.getSupplier({ supplierId })).externalScores.map((one) => [one.source?.name, one]));

describe("ImportExternalScores", () => {
  test("stores scores, reports rejected rows, and is repeatable", async () => {
    const rows = [row("S1", 70), row("nobody", 1), row("S2", 101), row("S1", 70), row("S3", 0)];
    const first = await send(rows);
    expect(first).toMatchObject({ stored: 2, unchanged: 1, replaced: 0 });
    expect(first.rejected.map(({ row: index, reason }) => [index, reason])).toEqual([
      [1, ExternalScoreRejection.UNKNOWN_SUPPLIER],
      [2, ExternalScoreRejection.OUTSIDE_SCALE],
    ]);
    expect(await send(rows)).toMatchObject({ stored: 0, unchanged: 3 });
    const { records } = await ops.audit.queryEvents({ kind: "external_scores.imported" });
    expect(records.map(({ event }) => [event?.subject, JSON.parse(event?.payloadJson ?? "")])).toEqual([
      ["external-source/rating", { stored: 2, unchanged: 1, replaced: 0, rejected: 2, replaces: false }],
    ]);
  });

  test("another value for a stored day is rejected, and stored with replace", async () => {
    await send([row("S4", 10)]);
    expect((await send([row("S4", 11)])).rejected).toMatchObject([
      { row: 0, reason: ExternalScoreRejection.STORED_DIFFERENTLY },
    ]);
    expect((await shownOf("S4")).get("rating")?.score).toBe(10);
    expect(await send([row("S4", 11)], { replace: true })).toMatchObject({ replaced: 1, rejected: [] });
    expect((await shownOf("S4")).get("rating")?.score).toBe(11);
  });

  test("a dry run reports the same and stores nothing", async () => {
    expect(await send([row("S5", 10), row("S5", 12)], { dryRun: true })).toMatchObject({ stored: 0 });
    expect(await send([row("S5", 10)], { dryRun: true })).toMatchObject({ stored: 1 });
    expect((await shownOf("S5")).get("rating")).toMatchObject({ missing: MissingExternalScore.NONE });
  });

  test("two imports at the same time store one of two values", async () => {
    const both = await Promise.all([send([row("S6", 20)]), send([row("S6", 30)])]);
    expect(both.reduce((sum, { stored }) => sum + stored, 0)).toBe(1);
    expect(both.flatMap(({ rejected }) => rejected.map(({ reason }) => reason))).toEqual([
      ExternalScoreRejection.STORED_DIFFERENTLY,
    ]);
  });

  test("NaN, infinity and a future day are rejected by row", async () => {
    const { rejected, stored } = await send([
      ...[row("S7", Number.NaN), row("S7", Number.NEGATIVE_INFINITY), row("S7", 1, "2026-07-01"), row("S7", 1, "x")],
      row("S7", 1, "2026-06-30"),
    ]);
    expect(stored).toBe(1);
    expect(rejected.map(({ reason }) => reason)).toEqual([
      ...[ExternalScoreRejection.NOT_A_NUMBER, ExternalScoreRejection.NOT_A_NUMBER],
      ...[ExternalScoreRejection.FUTURE_DAY, ExternalScoreRejection.INVALID_DAY],
    ]);
  });

  test("an unknown source names the known ones; no rows and too many rows are rejected", async () => {
    expect(await reasonOf(send([row("S1", 1)], { source: "other" }))).toEqual([
      ...[Code.NotFound, "EXTERNAL_SOURCE_NOT_FOUND"],
    ]);
    expect((await failureOf(send([row("S1", 1)], { source: "other" }))).rawMessage).toContain("finance, rating");
    expect((await failureOf(send([]))).code).toBe(Code.InvalidArgument);
    const many = Array.from({ length: 1_001 }, () => row("S1", 1));
    expect((await failureOf(send(many))).code).toBe(Code.InvalidArgument);
  });
});

describe("GetSupplier", () => {
  test("has the latest score of each source with scale and licence; an old one is missing with its age", async () => {
    await send([row("S8", 40, "2026-01-01"), row("S8", 60, "2026-06-01")]);
    await send([row("S8", 5, "2026-05-30")], { source: "finance" });
    const shown = await shownOf("S8");
    expect([...shown.keys()]).toEqual(["finance", "rating"]);
    expect(shown.get("rating")).toMatchObject({
      ...{ score: 60, asOf: "2026-06-01", ageDays: 29, missing: MissingExternalScore.UNSPECIFIED },
      source: { licence: RATING.licence, min: 0, max: 100, higherIsRiskier: false },
    });
    expect(shown.get("finance")).toMatchObject({
      asOf: "2026-05-30",
      ageDays: 31,
      missing: MissingExternalScore.STALE,
    });
    expect(shown.get("finance")?.score).toBeUndefined();
  });

  test("says where a supplier has no score", async () => {
    const shown = await shownOf("S9");
    expect(shown.get("rating")).toMatchObject({ missing: MissingExternalScore.NONE, asOf: "", ageDays: 0 });
    expect(shown.get("rating")?.score).toBeUndefined();
  });

  test("a score of 0 is a score", async () => {
    await send([row("S10", 0)]);
    expect((await shownOf("S10")).get("rating")?.score).toBe(0);
  });
});

test("the sources of the policy are listed", async () => {
  const { sources } = await external.listExternalSources({});
  expect(sources).toMatchObject([
    { name: "finance", higherIsRiskier: true },
    { name: "rating", staleAfterDays: 365 },
  ]);
});

test("scores follow merges: the survivor shows the latest one of each source, and an undo puts it back", async () => {
  // No other test has scores of these.
  await ops.suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.SKIP },
    rows: [{ supplierId: "M1" }, { supplierId: "M2" }],
  });
  await send([row("M1", 20, "2026-05-01"), row("M2", 30, "2026-06-01")]);
  await external.importExternalScores({ source: "finance", rows: [row("M1", 1), row("M2", 2)] });
  const versionOf = async (supplierId: string) =>
    (await ops.merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";
  const before = await shownOf("M1");
  const { merge } = await ops.merges.mergeSuppliers({
    ...{ survivorId: "M1", survivorVersion: await versionOf("M1"), reason: "the same company" },
    ...{ mergedId: "M2", mergedVersion: await versionOf("M2") },
  });
  const merged = await shownOf("M1");
  expect(merged.get("rating")).toMatchObject({ score: 30, asOf: "2026-06-01", scoredSupplierId: "M2" });
  // Of the same day, the score of the supplier itself.
  expect(merged.get("finance")).toMatchObject({ score: 1, scoredSupplierId: "" });
  expect((await shownOf("M2")).get("finance")).toMatchObject({ score: 2, scoredSupplierId: "" });
  await ops.merges.undoMerge({ mergeId: merge?.mergeId ?? "", reason: "two companies" });
  expect(await shownOf("M1")).toEqual(before);
});
