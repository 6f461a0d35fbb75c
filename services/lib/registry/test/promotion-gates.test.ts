import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { GateRecord } from "@bellwether/risk-model/promotion/gate-record";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAliases } from "../src/aliases/aliases.ts";
import { MAX_GATES } from "../src/aliases/gate-entry.ts";
import { approvePromotion, rejectPromotion } from "../src/publish/decide-promotion.ts";
import { publishVersion } from "../src/publish/publish-version.ts";
import { recordGate } from "../src/publish/record-gate.ts";
import { removeVersion } from "../src/publish/remove-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import { readGate } from "../src/versions/read-gate.ts";
import { accept, MODEL, publication } from "./publication-fixture.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "gates-"));
  for (let i = 0; i < 3; i++) await publishVersion(root, publication(), accept);
  await promote("v1");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const now = new Date("2026-01-06T00:00:00Z");
const promote = (version: string, alias: "champion" | "challenger" = "champion") =>
  setAlias(root, { modelName: MODEL, alias, version, setBy: "ada", reason: "better", now }, accept);
const record = (over: Partial<GateRecord> = {}): GateRecord => ({
  ...{ format: "bellwether.gate/1", modelName: MODEL, champion: "v1", challenger: "v2" },
  ...{ championDigest: "a".repeat(64), challengerDigest: "b".repeat(64), window: "test rows" },
  ...{ gatedAt: "2026-01-06T00:00:00.000Z", gatedBy: "ada", verdict: "HELD", rows: 9, positives: 3, suppliers: 9 },
  checks: [
    {
      ...{ name: "alerts", outcome: "held", champion: null, challenger: null, figure: 0.5, low: null, high: null },
      ...{ bound: 0.2, reason: "5 of 10 would close" },
    },
  ],
  ...{ segments: [], references: [], plots: null },
  ...over,
});
const decide = (gateId: string, over: object = {}) => ({
  ...{ modelName: MODEL, version: "v2", gateId, decidedBy: "bo", reason: "looked at it", now, ...over },
});
const championOf = async () =>
  (await readAliases(root, MODEL)).aliases.find(({ name }) => name === "champion")?.version;

test("a result is stored beside the challenger, and read back with its id and without a decision", async () => {
  const plots = { reliability: { champion: [[0.1, 0.2]], challenger: [[0.1, 0.2]] }, scoreShift: [[-0.1, 4]] } as const;
  const given = record({ plots: { ...plots, precisionRecall: plots.reliability } });
  const entry = await recordGate(root, given);
  expect(entry).toMatchObject({ verdict: "HELD", summary: "alerts held: 5 of 10 would close", decision: null });
  expect(await readGate(root, MODEL, "v2")).toEqual({ id: entry.id, record: given, decision: null });
  expect(await readGate(root, MODEL, "v3")).toBeNull();
  const names = await readdir(path.join(root, MODEL, "v2"));
  expect(names).toEqual(
    expect.arrayContaining(["GATE.md", `gate-${entry.id.slice(0, 16)}.json`, "gate-reliability.svg"]),
  );
  expect(await recordGate(root, given)).toEqual(entry);
  expect((await readAliases(root, MODEL)).gates).toHaveLength(1);
});

test("a newer result replaces the file of the one before, and a changed file is not read", async () => {
  const first = await recordGate(root, record());
  const second = await recordGate(root, record({ rows: 10 }));
  const folder = path.join(root, MODEL, "v2");
  const files = (await readdir(folder)).filter((name) => name.startsWith("gate-"));
  expect(files).toEqual([`gate-${second.id.slice(0, 16)}.json`]);
  expect(first.id).not.toBe(second.id);
  const file = path.join(folder, files[0] ?? "");
  await writeFile(file, (await readFile(file, "utf8")).replace('"rows": 10', '"rows": 11'));
  await expect(readGate(root, MODEL, "v2")).rejects.toThrow("differs from its id in aliases.json; make a new result");
});

test("an approval moves the alias and records the decision; repeated, it answers with the same alias", async () => {
  const { id } = await recordGate(root, record());
  const moved = await approvePromotion(root, decide(id), accept);
  expect(moved).toMatchObject({ name: "champion", version: "v2", setBy: "bo", reason: "looked at it" });
  const { gates, champions } = await readAliases(root, MODEL);
  expect(gates?.[0]?.decision).toEqual({
    outcome: "approved",
    at: now.toISOString(),
    by: "bo",
    reason: "looked at it",
  });
  expect(champions.map(({ version }) => version)).toEqual(["v1", "v2"]);
  expect(await approvePromotion(root, decide(id, { decidedBy: "cy" }), accept)).toEqual(moved);
  await expect(rejectPromotion(root, decide(id))).rejects.toMatchObject({
    name: "PromotionDecidedError",
    metadata: { outcome: "approved", decided_by: "bo" },
  });
});

test("of two approvals at once one moves the alias, and both answer with it", async () => {
  const { id } = await recordGate(root, record());
  const people = ["ann", "ben", "cy", "di"];
  const moved = await Promise.all(people.map((decidedBy) => approvePromotion(root, decide(id, { decidedBy }), accept)));
  expect(new Set(moved.map(({ setBy }) => setBy)).size).toBe(1);
  expect((await readAliases(root, MODEL)).champions).toHaveLength(2);
});

test("of an approval and a rejection at once one is recorded, and the other one fails", async () => {
  const { id } = await recordGate(root, record());
  const [approved, rejected] = await Promise.allSettled([
    approvePromotion(root, decide(id), accept),
    rejectPromotion(root, decide(id)),
  ]);
  expect([approved.status, rejected.status].sort()).toEqual(["fulfilled", "rejected"]);
  expect(await championOf()).toBe(approved.status === "fulfilled" ? "v2" : "v1");
});

test("a rejection is recorded once, and an approval after it changes nothing", async () => {
  const { id } = await recordGate(root, record());
  const decision = await rejectPromotion(root, decide(id));
  expect(decision).toMatchObject({ outcome: "rejected", by: "bo" });
  expect(await rejectPromotion(root, decide(id, { decidedBy: "cy" }))).toEqual(decision);
  await expect(approvePromotion(root, decide(id), accept)).rejects.toMatchObject({ name: "PromotionDecidedError" });
  expect(await championOf()).toBe("v1");
});

test("an out-of-date, unknown or failed result is not approved", async () => {
  const first = await recordGate(root, record());
  const second = await recordGate(root, record({ rows: 10 }));
  await expect(approvePromotion(root, decide(first.id), accept)).rejects.toMatchObject({ name: "GateStaleError" });
  await expect(rejectPromotion(root, decide(first.id))).rejects.toMatchObject({ name: "GateStaleError" });
  await expect(approvePromotion(root, decide("c".repeat(64)), accept)).rejects.toMatchObject({
    name: "GateNotFoundError",
  });
  await expect(approvePromotion(root, decide(second.id, { version: "v3" }), accept)).rejects.toMatchObject({
    name: "GateNotFoundError",
  });
  await promote("v3");
  await expect(approvePromotion(root, decide(second.id), accept)).rejects.toThrow(
    "it is about the champion v1, which is now v3; nothing was changed",
  );
  const failed = await recordGate(root, record({ champion: "v3", verdict: "FAIL" }));
  await expect(approvePromotion(root, decide(failed.id), accept)).rejects.toMatchObject({ name: "GateFailedError" });
  expect(await championOf()).toBe("v3");
});

test("a version that was removed, or cannot be served, is not approved, and no decision is recorded", async () => {
  const { id } = await recordGate(root, record());
  const broken = new Error("cannot be served");
  await expect(approvePromotion(root, decide(id), () => Promise.reject(broken))).rejects.toBe(broken);
  await removeVersion(root, { modelName: MODEL, version: "v2", removedBy: "ada", reason: "old", now });
  await expect(approvePromotion(root, decide(id), accept)).rejects.toMatchObject({ name: "VersionNotFoundError" });
  expect((await readAliases(root, MODEL)).gates?.[0]?.decision).toBeNull();
  expect(await readGate(root, MODEL, "v2")).toBeNull();
  expect(await readdir(path.join(root, MODEL, "v2"))).toEqual(["removed.json"]);
});

test("a version that is removed while it is approved keeps its files, or is not approved", async () => {
  const { id } = await recordGate(root, record());
  const [approved, removed] = await Promise.allSettled([
    approvePromotion(root, decide(id), accept),
    removeVersion(root, { modelName: MODEL, version: "v2", removedBy: "ada", reason: "old", now }),
  ]);
  const isChampion = (await championOf()) === "v2";
  expect(approved.status === "fulfilled").toBe(isChampion);
  if (isChampion) expect(removed).toMatchObject({ status: "rejected", reason: { name: "VersionNeededError" } });
});

test("a version that is removed between its check and the move does not stay the champion, and the result is undecided", async () => {
  const { id } = await recordGate(root, record());
  const removed = () => removeVersion(root, { modelName: MODEL, version: "v2", removedBy: "ada", reason: "old", now });
  await expect(approvePromotion(root, decide(id), removed)).rejects.toMatchObject({ name: "VersionNotFoundError" });
  expect(await championOf()).toBe("v1");
  const { gates, champions } = await readAliases(root, MODEL);
  expect(gates?.[0]?.decision).toBeNull();
  expect(champions.at(-1)).toMatchObject({ version: "v1", reason: "back to v1: v2 was removed at the same time" });
  const third = { modelName: MODEL, alias: "challenger" as const, version: "v3", setBy: "ada", reason: "new", now };
  const moved = setAlias(root, third, () =>
    removeVersion(root, { modelName: MODEL, version: "v3", removedBy: "ada", reason: "old", now }),
  );
  await expect(moved).rejects.toMatchObject({ name: "VersionNotFoundError" });
  expect((await readAliases(root, MODEL)).aliases.map(({ name }) => name)).toEqual(["champion"]);
});

test("a reason without a visible character is rejected", async () => {
  const { id } = await recordGate(root, record());
  for (const reason of ["", "\u200b", "a\nb", "x".repeat(1_001)])
    await expect(approvePromotion(root, decide(id, { reason }), accept)).rejects.toMatchObject({
      name: "RegistryNameError",
    });
});

test("the oldest results are dropped, and other changes of the aliases keep the rest", async () => {
  const file = path.join(root, MODEL, "aliases.json");
  const entry = await recordGate(root, record());
  const stored = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...stored, gates: Array.from({ length: MAX_GATES }, () => entry) }));
  await recordGate(root, record({ rows: 10 }));
  await promote("v3", "challenger");
  const { gates = [] } = await readAliases(root, MODEL);
  expect(gates).toHaveLength(MAX_GATES);
  expect(gates.at(-1)?.id).not.toBe(entry.id);
});

test.each([
  ["gates that are not a list", "all"],
  ["an id that is not a digest", [{ id: "x" }]],
  ["too many", Array.from({ length: MAX_GATES + 1 }, () => ({}))],
])("%s are an error of the file", async (_, gates) => {
  const file = path.join(root, MODEL, "aliases.json");
  const stored = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...stored, gates }));
  await expect(readAliases(root, MODEL)).rejects.toMatchObject({ name: "ModelCorruptError" });
});

test("a process that is killed while it approves has moved the alias with its decision, or neither", async () => {
  const { id } = await recordGate(root, record());
  const main = path.join(import.meta.dirname, "approve-main.ts");
  const killed = spawn(process.execPath, [main, root, MODEL, id], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(killed, "exit");
  await once(killed.stdout, "data");
  killed.kill("SIGKILL");
  await ended;
  const { gates } = await readAliases(root, MODEL);
  const isDecided = gates?.[0]?.decision !== null;
  expect(await championOf()).toBe(isDecided ? "v2" : "v1");
  expect(await approvePromotion(root, decide(id), accept)).toMatchObject({ version: "v2" });
  expect((await readAliases(root, MODEL)).champions.map(({ version }) => version)).toEqual(["v1", "v2"]);
});
