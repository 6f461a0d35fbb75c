import { randomUUID } from "node:crypto";
import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { OnConflict, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const PAIRS = 4;
const KILLS = 2;

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test("kill -9 in the middle of merges leaves each merge and each undo with its audit event, or without a trace", {
  timeout: 120_000,
}, async () => {
  const databaseUrl = await cluster.createDatabase();
  const pool = await openPostgres(databaseUrl, { max: 1 });
  onTestFinished(() => pool.close());
  for (let kill = 0; kill < KILLS; kill++) {
    await using ops = await startService("ops-service", { DATABASE_URL: databaseUrl });
    const transport = createGrpcTransport({ baseUrl: ops.grpc });
    const merges = createClient(SupplierMergeService, transport);
    const ids = Array.from({ length: PAIRS }, (_, i) => [`a${i}`, `b${i}`] as const);
    if (kill === 0)
      await createClient(SupplierService, transport).importSuppliers({
        ...{ requestId: randomUUID(), onConflict: OnConflict.STOP },
        rows: ids.flat().map((supplierId) => ({ supplierId })),
      });
    let performed = 0;
    const callers = ids.map(async ([survivorId, mergedId]) => {
      for (;;) {
        const [survivor, merged] = await Promise.all(
          [survivorId, mergedId].map((supplierId) => merges.getSupplierIdentity({ supplierId })),
        );
        const active = merged?.merges.find(({ undoneAt }) => !undoneAt);
        if (active) await merges.undoMerge({ mergeId: active.mergeId, reason: "undo" });
        else
          await merges.mergeSuppliers({
            ...{ survivorId, mergedId, reason: "same" },
            ...{ survivorVersion: survivor?.supplier?.version ?? "", mergedVersion: merged?.supplier?.version ?? "" },
          });
        if (++performed === 5 * PAIRS) ops.process.kill("SIGKILL");
      }
    });
    await Promise.allSettled(callers);
    expect(performed).toBeGreaterThanOrEqual(5 * PAIRS);
  }
  const { rows } = await pool.query(`
    select count(*)::int as merges, count(undone_at)::int as undos,
      (select count(*)::int from bellwether.audit_event where kind = 'suppliers.merged') as merged,
      (select count(*)::int from bellwether.audit_event where kind = 'suppliers.merge_undone') as undone
    from bellwether.supplier_merge`);
  const { merges, undos, merged, undone } = rows[0] ?? {};
  expect([merged, undone]).toEqual([merges, undos]);
  expect(merges).toBeGreaterThan(PAIRS);
  const { rows: twice } = await pool.query(
    "select merged_id from bellwether.supplier_merge where undone_at is null group by 1 having count(*) > 1",
  );
  expect(twice).toEqual([]);
});
