import { PredictBatchResponseSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { RunLeaseSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { createOpsLedger } from "../src/clients/ops-ledger.ts";
import { PeerRejectedError } from "../src/domain/scheduler-error.ts";
import { startLedger } from "./ledger-fixture.ts";

const ONE_ROW: SnapshotChunk = {
  index: 0,
  rows: 1,
  supplierIds: ["S1"],
  asOfDays: null,
  numbers: new Map(),
  categories: new Map(),
  texts: null,
  attributes: { displayName: [null], region: [null], category: [null], exposure: new Float64Array([1]), owner: [null] },
};

test("a chunk of more than 16 MiB is an error that names the setting, not a service that does not answer", async () => {
  await using server = await startLedger();
  using transport = createMeshTransport({ url: server.url });
  const ledger = createOpsLedger(transport, "supplier-risk");
  const scores = create(PredictBatchResponseSchema, { contributions: new Uint8Array(17 * 2 ** 20) });
  const lease = create(RunLeaseSchema, { runId: 1, fence: 1n });
  const error = await ledger.submit(lease, ONE_ROW, scores, [], new AbortController().signal).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PeerRejectedError);
  expect(String(error)).toMatch(/larger than the 16777216 bytes .*; set a smaller WEEKLY_CHUNK_ROWS$/);
});
