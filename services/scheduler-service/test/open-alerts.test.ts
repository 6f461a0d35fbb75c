import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { expect, test } from "vitest";
import { createOpenAlerts } from "../src/clients/open-alerts.ts";
import { startOps } from "./retrain-fixture.ts";

test("all pages of the active alerts are read, and a supplier with two alerts is one", async () => {
  await using ops = await startOps();
  using transport = createMeshTransport({ url: ops.url });
  const openAlerts = createOpenAlerts(transport, "late");
  const { signal } = new AbortController();
  // A set that is only a draft has no limits.
  const limits = [{ regions: [], categories: [], raise: 0.7, clear: 0.5 }];
  expect(await openAlerts(signal)).toEqual({ suppliers: new Set(), text: "active alerts of ops-service", limits });
  ops.state.alerted = ["S1", "S2", "S1"];
  expect((await openAlerts(signal)).suppliers).toEqual(new Set(["S1", "S2"]));
});

test("a service that is busy for a moment is asked again", async () => {
  await using ops = await startOps();
  using transport = createMeshTransport({ url: ops.url });
  Object.assign(ops.state, { alerted: ["S1", "S2"], alertFailures: 5 });
  const { suppliers } = await createOpenAlerts(transport, "late", 1)(new AbortController().signal);
  expect(suppliers).toEqual(new Set(["S1", "S2"]));
});

test("alerts that cannot be read are not known, with the reason, and a stopped retrain reads none", async () => {
  await using ops = await startOps();
  using transport = createMeshTransport({ url: ops.url });
  const openAlerts = createOpenAlerts(transport, "late", 1);
  ops.state.alertFailures = Number.POSITIVE_INFINITY;
  const { suppliers, text } = await openAlerts(new AbortController().signal);
  expect(suppliers).toBeNull();
  expect(text).toContain("the database does not answer");
  await expect(openAlerts(AbortSignal.abort(new Error("the scheduler is stopping")))).rejects.toThrow("stopping");
});
