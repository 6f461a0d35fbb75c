import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { scoreBatch } from "@bellwether/scoring/batch/score-batch";
import { openScoringModel, type ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ShadowOutcome } from "../src/domain/shadow.ts";
import { type Shadow, type ShadowOptions, startShadow } from "../src/shadow/shadow.ts";
import { type ShadowThread, ShadowThreadError } from "../src/shadow/shadow-thread.ts";

const PATIENT = { timeout: 60_000, interval: 5 };
let root = "";
let stored: StoredVersion;
let model: ScoringModel;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "shadow-"));
  await publishDemoModel(root);
  stored = await readVersion(root, DEMO_SPEC.name, "v1");
  model = await openScoringModel(stored);
});
afterAll(async () => {
  await model.release();
  await rm(root, { recursive: true, force: true });
});

/** A challenger that answers as `score` says; it counts the threads that are started. */
function challengerThat(score: (rows: number) => Promise<{ outcomes: ShadowOutcome[]; cpuMs: number }>) {
  const started: string[] = [];
  const startThread = (): ShadowThread => {
    started.push("thread");
    return { opened: Promise.resolve(), score: (rows) => score(rows.length), async [Symbol.asyncDispose]() {} };
  };
  return { startThread, started };
}
const answers = (count: number): ShadowOutcome[] =>
  Array.from({ length: count }, () => ({
    kind: "scored",
    answer: { value: 0.5, band: "medium", reasons: null },
    times: null,
  }));

function shadowWith(over: Partial<ShadowOptions>) {
  const digest = stored.manifest.files["model.onnx"].sha256;
  let challenger: string | null = "v2";
  let time = 0;
  const shadow = startShadow({
    ...{ share: 1, maxCpu: 1, pollMs: 5, logger: { info() {}, warn() {} } },
    served: () => ({ version: "v1", modelDigest: digest }),
    challenger: async () => challenger,
    fingerprint: async (version) => version,
    read: async () => stored,
    now: () => time,
    ...over,
  });
  return {
    shadow,
    moveTo(version: string | null) {
      challenger = version;
    },
    wait(ms: number) {
      time += ms;
    },
  };
}
const offer = async (shadow: Shadow, suppliers: number): Promise<void> => {
  const { features, categories, text } = demoSupplier(1);
  const input = { features, categories, text };
  const score = await scoreSupplier(model, input, "supplier");
  for (let i = 0; i < suppliers; i++) shadow.offerScore(model, `S_${i}`, input, score);
};
const state = (shadow: Shadow) => shadow.report().state;
const droppedOf = (shadow: Shadow) => Object.fromEntries(shadow.report().pairs[0]?.dropped ?? []);
const comparedOf = (shadow: Shadow): number => shadow.report().pairs[0]?.sums.shiftBins.reduce((a, b) => a + b, 0) ?? 0;

test("rows above the limit of the queue are dropped and counted, the others are compared", async () => {
  const { shadow } = shadowWith(challengerThat(async (rows) => ({ outcomes: answers(rows), cpuMs: 0 })));
  await using _ = shadow;
  await vi.waitFor(() => expect(state(shadow)).toBe("running"), PATIENT);
  await offer(shadow, 5_000);
  await vi.waitFor(() => expect(comparedOf(shadow)).toBe(1_024), PATIENT);
  expect(droppedOf(shadow)).toEqual({ queue_full: 5_000 - 1_024 });
  expect(shadow.report().pairs[0]).toMatchObject({ chosen: 5_000, failed: 0 });
});

test("a batch is read after its answer; a second one that comes meanwhile is not read, and is counted", async () => {
  const { shadow } = shadowWith(challengerThat(async (rows) => ({ outcomes: answers(rows), cpuMs: 0 })));
  await using _ = shadow;
  await vi.waitFor(() => expect(state(shadow)).toBe("running"), PATIENT);
  const ids = Array.from({ length: 300 }, (_, i) => `S_${i}`);
  const input = {
    rows: 300,
    numbers: new Map([["past_disputes", new Float32Array(300).fill(3)]]),
    categories: new Map(),
    texts: null,
  };
  const scores = await scoreBatch(model, input, true);
  shadow.offerBatch(model, ids, input, scores);
  shadow.offerBatch(model, ids, input, scores);
  expect(droppedOf(shadow)).toEqual({ batch_not_read: 300 });
  const rows = () => shadow.report().pairs[0]?.chosen;
  await vi.waitFor(() => expect(rows()).toBe(300), PATIENT);
});

test("a thread that ends again and again is started five times, later each time, and again for another version", async () => {
  const challenger = challengerThat(async () => {
    throw new ShadowThreadError("thread_ended", "its thread exited with 7");
  });
  const { shadow, moveTo, wait } = shadowWith(challenger);
  await using _ = shadow;
  for (let starts = 1; starts <= 5; starts++) {
    await vi.waitFor(() => expect([state(shadow), challenger.started.length]).toEqual(["running", starts]), PATIENT);
    await offer(shadow, 1);
    await vi.waitFor(() => expect(state(shadow)).not.toBe("running"), PATIENT);
    wait(100_000);
  }
  await vi.waitFor(() => expect(state(shadow)).toBe("stopped"), PATIENT);
  expect(shadow.report().detail).toContain("exited with 7; 5 times in a row");
  expect(droppedOf(shadow)).toEqual({ thread_ended: 5 });
  moveTo("v3");
  await vi.waitFor(() => expect([state(shadow), challenger.started.length]).toEqual(["running", 6]), PATIENT);
});

test("rows of the pair before are dropped when the challenger changes in the middle, and the new pair has its own sums", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const { shadow, moveTo } = shadowWith(
    challengerThat(async (rows) => {
      if (calls++ === 0) await promise;
      return { outcomes: answers(rows), cpuMs: 0 };
    }),
  );
  await using _ = shadow;
  await vi.waitFor(() => expect(state(shadow)).toBe("running"), PATIENT);
  await offer(shadow, 100);
  await vi.waitFor(() => expect(calls).toBe(1), PATIENT);
  moveTo("v3");
  await vi.waitFor(() => expect(shadow.report().pairs).toHaveLength(2), PATIENT);
  expect(shadow.report().pairs.map(({ challenger }) => challenger.version)).toEqual(["v3", "v2"]);
  expect(Object.fromEntries(shadow.report().pairs[1]?.dropped ?? [])).toEqual({ versions_changed: 100 - 32 });
  resolve();
  moveTo(null);
  await vi.waitFor(() => expect(state(shadow)).toBe("no_challenger"), PATIENT);
});

test("the same version as challenger is not scored, and a registry that cannot be read is said", async () => {
  const { shadow, moveTo } = shadowWith(challengerThat(async (rows) => ({ outcomes: answers(rows), cpuMs: 0 })));
  await using _ = shadow;
  moveTo("v1");
  await vi.waitFor(() => expect(state(shadow)).toBe("same_version"), PATIENT);
  await offer(shadow, 10);
  const away = shadowWith({ challenger: () => Promise.reject(new Error("the registry is gone")) });
  await using __ = away.shadow;
  await vi.waitFor(
    () => expect(away.shadow.report()).toMatchObject({ state: "unreadable", detail: "the registry is gone" }),
    PATIENT,
  );
});
