import fc from "fast-check";
import { expect, test } from "vitest";
import type { ImpactFacts } from "../alerts/capacity-rule.ts";
import { createRuleMemory } from "./rule-memory.ts";

const externalIds = async (suppliers: readonly number[]) => new Map(suppliers.map((id) => [id, `S-${id}`]));
const runOf = (runId: number) => ({
  ...{
    runId,
    isoWeek: `2026-W${String(runId).padStart(2, "0")}`,
    inputDigest: "",
    sourceDigest: "",
    completedMs: runId,
  },
});

test("pages of the highest impacts have every supplier once, in the order of impact, however many are equal", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), impact: fc.nat(12) }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (rows, limit, minScore) => {
        const memory = createRuleMemory({ runsToRead: 2, externalIds });
        memory.begin(runOf(1), {
          suppliers: Int32Array.from(rows, (_, i) => i + 1),
          scores: Float64Array.from(rows, ({ score }) => score),
          impacts: Float64Array.from(rows, ({ impact }) => impact),
        });
        const runs = { inARow: [1], previous: null };
        const found: ImpactFacts[] = [];
        for (;;) {
          const after = found.at(-1);
          const which = { minScore, runs, limit, ...(after && { after }) };
          const page = (await memory.store.scoresByImpact(1, which)).toSorted((a, b) => b.impact - a.impact);
          found.push(...page);
          if (page.length < limit) break;
        }
        const wanted = rows.flatMap(({ score, impact }, i) =>
          score >= minScore ? [{ supplierId: i + 1, impact }] : [],
        );
        expect(found.map(({ impact }) => impact)).toEqual(wanted.map(({ impact }) => impact).sort((a, b) => b - a));
        expect(new Set(found.map(({ supplierId }) => supplierId)).size).toBe(wanted.length);
      },
    ),
  );
});

const WANTED = { minScore: 0.5, runs: { inARow: [2, 1], previous: 1 }, changes: [], accepted: null };

test("the store of some suppliers has no score and no alert of others, and changes select suppliers", async () => {
  const memory = createRuleMemory({ runsToRead: 2, externalIds });
  const week = (...scores: readonly number[]) => ({
    suppliers: Int32Array.from(scores, (_, i) => i + 1),
    scores: Float64Array.from(scores),
    impacts: Float64Array.from(scores),
  });
  memory.begin(runOf(1), week(0.1, 0.4, 0.2));
  memory.end();
  memory.begin(runOf(2), week(0.3, 0.4, 0.9));
  const changes = [{ kind: "changes_by", limit: 0.2 } as const];
  const idsOf = async (store: typeof memory.store) =>
    (await store.scoresFrom(2, { ...WANTED, changes })).map(({ supplierId }) => supplierId);
  expect(await idsOf(memory.store)).toEqual([1, 3]);
  const part = memory.within((supplier) => supplier < 3);
  expect(await idsOf(part)).toEqual([1]);
  expect(await part.meanScore(2)).toBeCloseTo(0.35);
  const byImpact = await part.scoresByImpact(2, { minScore: 0, runs: WANTED.runs, limit: 9 });
  expect(byImpact.map(({ supplierId }) => supplierId).sort()).toEqual([1, 2]);
  expect(await part.inScope([2, 3])).toEqual(new Set([2]));
});

test("scores of earlier runs are those of the suppliers, also of suppliers that came later", async () => {
  const memory = createRuleMemory({ runsToRead: 2, externalIds });
  const week = (suppliers: readonly number[], score: number) => ({
    suppliers: Int32Array.from(suppliers),
    scores: Float64Array.from(suppliers, () => score),
    impacts: Float64Array.from(suppliers, () => 1),
  });
  memory.begin(runOf(1), week([1, 2], 0.1));
  memory.end();
  memory.begin(runOf(2), week([2, 90], 0.9));
  const facts = await memory.store.scoresFrom(2, WANTED);
  expect(facts.map(({ supplierId, recent, before }) => ({ supplierId, recent, before }))).toEqual([
    { supplierId: 2, recent: [0.9, 0.1], before: 0.1 },
    { supplierId: 90, recent: [0.9, null], before: null },
  ]);
  expect(await memory.store.scoredIn([2], [1, 2, 90, 500])).toEqual(new Set([2, 90]));
  expect(await memory.store.scoredIn([2, 1], [1, 2, 90])).toEqual(new Set([1, 2, 90]));
  expect(await memory.store.meanScore(2)).toBeCloseTo(0.9);
});
