import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DEFAULT_PROMOTION_POLICY } from "@bellwether/config/promotion-policy";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { DEMO_SPEC, DEMO_TABLE, publishDemoModel } from "@bellwether/testing/demo-model";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GATE_LIMITS, type GateRun, gateVersions } from "../src/promotion/gate-versions.ts";
import { measureInProcess } from "../src/promotion/measure-process.ts";
import { recordAndPromote } from "../src/promotion/promote-passed.ts";

vi.setConfig({ testTimeout: 120_000 });

const NAME = DEMO_SPEC.name;
const MIB = 2 ** 20;
const accept = async (): Promise<void> => {};
let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "promotion-"));
  // v1 is the champion, and v2 has the same model.
  await publishDemoModel(root);
  const { manifest, onnx, bundleJson, modelCard } = await readVersion(root, NAME, "v1");
  const { modelName, origin, configHash, evaluation } = manifest;
  const files = { onnx, bundleJson, modelCard: `${modelCard}\n` };
  await publishVersion(root, { modelName, origin, configHash, evaluation, ...files, now: new Date(0) }, accept);
  await setAlias(
    root,
    { modelName, alias: "challenger", version: "v2", setBy: "ada", reason: "new", now: new Date(0) },
    accept,
  );
});
afterEach(() => rm(root, { recursive: true, force: true }));

const run = (over: Partial<GateRun> = {}): GateRun => ({
  ...{ modelName: NAME, champion: "v1", challenger: "v2", table: DEMO_TABLE, window: "all demo rows" },
  rows: Uint32Array.from({ length: DEMO_TABLE.rows }, (_, row) => row),
  ...{ openAlerts: null, policy: DEFAULT_PROMOTION_POLICY, limits: GATE_LIMITS, gatedBy: "ada", now: new Date(0) },
  ...over,
});

test("the same model twice: everything is equal, and the gate holds it because it is not better", async () => {
  const record = await gateVersions(root, run());
  const outcomes = Object.fromEntries(record.checks.map(({ name, outcome }) => [name, outcome]));
  expect(record.verdict).toBe("HELD");
  expect(outcomes).toMatchObject({
    ...{ measured: "passed", unscored: "passed", auc: "held", brier: "passed", additivity: "passed" },
    ...{ importance: "passed", contract: "passed", alerts: "passed", segments: "passed" },
  });
  expect(record.checks.find(({ name }) => name === "auc")).toMatchObject({ figure: 0, low: 0, high: 0 });
  const { entry, promoted } = await recordAndPromote(root, record, { isAutomatic: true }, accept, new Date());
  expect([entry.verdict, promoted]).toEqual(["HELD", null]);
});

test("a policy that accepts equal models promotes only when it is automatic", async () => {
  const policy = { ...DEFAULT_PROMOTION_POLICY, minAucGain: -0.01, maxRowTimeRatio: 1_000 };
  const record = await gateVersions(root, run({ policy }));
  expect(record.verdict).toBe("PASS");
  const by = await recordAndPromote(root, record, { isAutomatic: false }, accept, new Date(1));
  expect(by.promoted).toBeNull();
  const automatic = await recordAndPromote(root, record, { isAutomatic: true }, accept, new Date(1));
  expect(automatic.promoted).toMatchObject({ name: "champion", version: "v2", setBy: "promotion policy" });
  // A process that was killed in between does it again.
  expect((await recordAndPromote(root, record, { isAutomatic: true }, accept, new Date(2))).promoted).toEqual(
    automatic.promoted,
  );
  expect((await readAliases(root, NAME)).champions).toHaveLength(2);
});

test("a promotion changes no open alert of a supplier whom neither version flags", async () => {
  const suppliers = new Set(DEMO_TABLE.supplierIds.slice(0, 50));
  const record = await gateVersions(root, run({ openAlerts: { suppliers, text: "open alerts" } }));
  const alerts = record.checks.find(({ name }) => name === "alerts");
  expect(alerts).toMatchObject({ champion: 50, challenger: 50, outcome: "passed" });
  expect(alerts?.reason).toMatch(
    /^0 of 50 would close and 0 open \(0 %\), open alerts; neither version flags \d+ of them on these rows$/,
  );
});

test("open alerts that are not known are held for a person", async () => {
  const record = await gateVersions(root, run({ openAlerts: { suppliers: null, text: "ops-service is away" } }));
  expect(record.checks.find(({ name }) => name === "alerts")).toMatchObject({ outcome: "held", figure: null });
});

test("an attribute of the suppliers divides the rows like a categorical feature, and a row without it is a segment too", async () => {
  const values = DEMO_TABLE.supplierIds.map((_, row) => (row % 3 === 0 ? null : row % 3 === 1 ? "north" : "south"));
  const record = await gateVersions(root, run({ divisions: [{ name: "plant", values }] }));
  const segments = record.segments.filter(({ dimension }) => dimension === "plant");
  expect(new Set(segments.map(({ segment }) => segment))).toEqual(new Set(["north", "south", "(missing)"]));
  // The same model twice: no segment is worse.
  expect(segments.some(({ isWorse }) => isWorse)).toBe(false);
});

test("a window without labels is held", async () => {
  expect(await gateVersions(root, run({ rows: new Uint32Array() }))).toMatchObject({ verdict: "HELD", rows: 0 });
});

test("a challenger with changed files fails with the reason, and the champion stays", async () => {
  await appendFile(path.join(root, NAME, "v2", "model.onnx"), "x");
  const record = await gateVersions(root, run());
  expect(record).toMatchObject({ verdict: "FAIL", checks: [{ name: "measured", outcome: "failed" }] });
  expect(record.checks[0]?.reason).toContain("model.onnx: differs");
  const { promoted } = await recordAndPromote(root, record, { isAutomatic: true }, accept, new Date());
  expect(promoted).toBeNull();
  const { champions } = await readAliases(root, NAME);
  expect(champions.map(({ version }) => version)).toEqual(["v1"]);
});

test("a process over its memory or its time ends, and the error says which", async () => {
  const input = { rows: 0, numbers: new Map(), categories: new Map(), texts: null };
  const task = { stored: await readVersion(root, NAME, "v2"), input };
  await expect(measureInProcess(task, { ...GATE_LIMITS, maxMemoryBytes: 16 * MIB })).rejects.toMatchObject({
    name: "NotMeasuredError",
    message: expect.stringMatching(/^it needs \d+ MiB of memory, more than the limit of 16 MiB$/),
  });
  await expect(measureInProcess(task, { ...GATE_LIMITS, timeoutMs: 1 })).rejects.toThrow("it took longer than 0.001 s");
  const stopper = new AbortController();
  const stopped = measureInProcess(task, GATE_LIMITS, stopper.signal);
  stopper.abort(new Error("not needed any more"));
  await expect(stopped).rejects.toThrow("not needed any more");
});

test("a champion that cannot be measured is an error, and no result", async () => {
  const limits = { ...GATE_LIMITS, timeoutMs: 1 };
  await expect(gateVersions(root, run({ limits }))).rejects.toThrow("v1, the champion, cannot be measured");
  expect((await readdir(path.join(root, NAME, "v2"))).filter((name) => name.startsWith("gate"))).toEqual([]);
});
