import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  ChangeDirection,
  CounterfactualOutcome,
  FixedReason,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { createMlService } from "../src/service.ts";

type Service = Awaited<ReturnType<typeof createMlService>>;
let root = "";
let service: Service;
const events: AuditEvent[] = [];
const at = (listener: "grpc" | "web"): string => `http://127.0.0.1:${service.addresses[listener].port}`;
const clients = () => [
  createClient(InferenceService, createGrpcTransport({ baseUrl: at("grpc") })),
  createClient(
    InferenceService,
    createConnectTransport({ baseUrl: at("web"), httpVersion: "1.1", useBinaryFormat: false }),
  ),
];
const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text };
};

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "ml-counterfactual-"));
  await publishDemoModel(root);
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 1_000,
    scoringThreads: 1,
    logger: createLogger({ name: "ml-service", level: "silent" }),
    audit: { record: (event) => void events.push(event), lost: () => undefined, stop: async () => undefined },
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

/** Returns the first demo supplier of a band. */
async function firstOf(band: Band) {
  const [client] = clients();
  for (let i = 0; i < 1_500; i++)
    if ((await client?.predict({ supplier: supplier(i) }))?.score?.band === band) return supplier(i);
  throw new Error(`no demo supplier has the band ${band}`);
}

const failureOf = async (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error) => ConnectError.from(error),
  );

test("both listeners return changes that lower the band when Predict scores them", async () => {
  const high = await firstOf(Band.HIGH);
  for (const client of clients()) {
    const answer = await client.counterfactual({ supplier: high });
    expect(answer).toMatchObject({ outcome: CounterfactualOutcome.FOUND, targetBand: Band.MEDIUM, undecidedReason: 0 });
    expect(answer.score?.band).toBe(Band.HIGH);
    expect(answer.summary).toMatch(/^The smallest change that lowers the band from high to medium: (lower|raise) /);
    expect(answer.counterfactuals.length).toBeGreaterThan(0);
    for (const { changes, cost, score } of answer.counterfactuals) {
      const features = { ...high.features };
      for (const { feature, presentValue, newValue = Number.NaN, unit, text } of changes) {
        expect(presentValue).toBe(high.features[feature]);
        expect(unit).toBe("units");
        expect(text).toContain(`from ${presentValue} to ${newValue} units`);
        features[feature] = newValue;
      }
      const again = await client.predict({ supplier: { ...high, features } });
      expect(again.score?.riskScore).toBe(score?.riskScore);
      expect(again.score?.band).toBeLessThan(Band.HIGH);
      expect(cost).toBeGreaterThan(0);
    }
    expect(answer.fixedFeatures).toContainEqual(
      expect.objectContaining({ feature: "region", reason: FixedReason.IMMUTABLE }),
    );
    expect(answer.fixedFeatures).toContainEqual(
      expect.objectContaining({ feature: "contract_text", reason: FixedReason.TEXT }),
    );
  }
});

test("limits of the request narrow the answer", async () => {
  const high = await firstOf(Band.HIGH);
  const [client] = clients();
  const names = Object.keys(high.features);
  const none = await client?.counterfactual({
    supplier: high,
    limits: names.map((feature) => ({ feature, fixed: true })),
  });
  expect(none).toMatchObject({
    outcome: CounterfactualOutcome.NONE_WITHIN_LIMITS,
    counterfactuals: [],
    summary: expect.stringContaining("No feature may change"),
  });
  const one = await client?.counterfactual({ supplier: high, maxChanges: 1, maxCounterfactuals: 5 });
  for (const { changes } of one?.counterfactuals ?? []) expect(changes).toHaveLength(1);
});

test("a supplier in the lowest band has nothing to change", async () => {
  const [client] = clients();
  expect(await client?.counterfactual({ supplier: await firstOf(Band.LOW) })).toMatchObject({
    outcome: CounterfactualOutcome.ALREADY_BELOW,
    counterfactuals: [],
    fixedFeatures: [],
    summary: "The band is already low: nothing has to change.",
  });
});

test("invalid requests name their fields", async () => {
  const high = await firstOf(Band.HIGH);
  for (const client of clients()) {
    const limits = [
      { feature: "past_dispute", fixed: true },
      { feature: "delivery_score", min: 900, max: 10, direction: ChangeDirection.INCREASE },
      { feature: "region", min: 1 },
    ];
    const contradictory = await failureOf(client.counterfactual({ supplier: high, limits }));
    expect(contradictory.code).toBe(Code.InvalidArgument);
    expect(contradictory.findDetails(ErrorInfoSchema)[0]?.reason).toBe("CHANGE_LIMIT");
    expect(contradictory.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)).toEqual([
      "limits[0].feature",
      "limits[1].min",
      "limits[2].feature",
      "limits[2].feature",
    ]);
    const nothing = await failureOf(client.counterfactual({ supplier: high, limits: [{ feature: "delivery_score" }] }));
    expect([nothing.code, nothing.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field]).toEqual([
      Code.InvalidArgument,
      "limits[0].feature",
    ]);
    for (const wrong of [
      { maxChanges: 0 },
      { maxChanges: 4 },
      { maxCounterfactuals: 6 },
      { targetBand: Band.HIGH },
      { limits: [{ feature: "delivery_score", cost: 0 }] },
      { limits: [{ feature: "delivery_score", step: -1 }] },
    ])
      expect((await failureOf(client.counterfactual({ supplier: high, ...wrong }))).code).toBe(Code.InvalidArgument);
    const unknown = await failureOf(client.counterfactual({ supplier: { ...high, features: { past_dispute: 1 } } }));
    expect(unknown.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.features.past_dispute");
    const few = await failureOf(
      client.counterfactual({ supplier: { supplierId: "x", features: { past_disputes: 3 } } }),
    );
    expect([few.code, few.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.FailedPrecondition, "NO_BAND"]);
    expect(few.rawMessage).toMatch(/so it has no band: \d of \d+ features are known, .*; a score needs \d+$/);
  }
});

test("a missing feature is not changed, and the answer says so", async () => {
  const high = await firstOf(Band.HIGH);
  const [client] = clients();
  const { delivery_score: _, ...features } = high.features;
  const answer = await client?.counterfactual({ supplier: { ...high, features }, targetBand: Band.LOW, maxChanges: 3 });
  expect(answer?.fixedFeatures).toContainEqual(
    expect.objectContaining({ feature: "delivery_score", reason: FixedReason.MISSING }),
  );
  for (const { changes } of answer?.counterfactuals ?? [])
    expect(changes.map(({ feature }) => feature)).not.toContain("delivery_score");
});

test("a call is recorded with its outcome and the names of the changed features, without values", async () => {
  const high = await firstOf(Band.HIGH);
  events.length = 0;
  const [client] = clients();
  const answer = await client?.counterfactual({ supplier: high });
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    kind: "counterfactual.served",
    subject: high.supplierId,
    payload: {
      code: "OK",
      band: "high",
      outcome: "found",
      counterfactuals: answer?.counterfactuals.length,
      changed_features: answer?.counterfactuals[0]?.changes.map(({ feature }) => feature).join(", "),
    },
  });
});
