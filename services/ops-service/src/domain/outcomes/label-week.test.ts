import { describe, expect, test } from "vitest";
import { type LabelledWeek, type LabelSources, labelWeek } from "./label-week.ts";

const WEEK: LabelledWeek = {
  ...{ isoWeek: "2026-W10", end: 100, scored: 6, frame: 0, reviewed: new Set<number>() },
  suppliers: Int32Array.of(1, 2, 3, 4, 5, 6),
};
const NONE: LabelSources = { events: new Map(), records: new Map(), dispositions: new Map() };
const COMPLETE = { horizonDays: 30, completeAfterDays: 10, knownOn: 200 };
const SELECTED = { ...COMPLETE, completeAfterDays: null };

const recordsOf = (records: Readonly<Record<number, boolean>>): LabelSources["records"] =>
  new Map([
    [WEEK.isoWeek, new Map(Object.entries(records).map(([id, occurred]) => [Number(id), { occurred, known: 150 }]))],
  ]);
const disposed = (occurred: boolean, fromWeek = "2026-W09", toWeek = "2026-W11") => [
  { occurred, known: 120, fromWeek, toWeek },
];

describe("where events are recorded completely", () => {
  test("events within the horizon are positive, and all others negative when it is over", () => {
    const events = new Map([
      [1, [{ happened: 101, known: 101 }]],
      [2, [{ happened: 130, known: 190 }]],
      [3, [{ happened: 100, known: 100 }]],
      [4, [{ happened: 131, known: 131 }]],
      [5, [{ happened: 110, known: 201 }]],
    ]);
    const found = labelWeek(WEEK, { ...NONE, events }, COMPLETE);
    expect([...found.labels]).toEqual([1, 1, 0, 0, 0, 0]);
    expect([...found.known]).toEqual([101, 190, 140, 140, 140, 140]);
    expect(found.coverage).toMatchObject({ scored: 6, labelled: 6, from: { event: 2, absence: 4 }, isImmature: false });
  });
  test("a week whose horizon is not over has no labels: its events would be known and their absence would not", () => {
    const events = new Map([[1, [{ happened: 101, known: 101 }]]]);
    for (const [knownOn, labelled] of [
      [139, 0],
      [140, 6],
    ] as const) {
      const { coverage } = labelWeek(WEEK, { ...NONE, events }, { ...COMPLETE, knownOn });
      expect(coverage).toMatchObject({ labelled, isImmature: labelled === 0 });
    }
  });
});

describe("several sources", () => {
  test("an event counts before a record, and a record before a disposition; contradictions are counted", () => {
    const sources: LabelSources = {
      events: new Map([[1, [{ happened: 101, known: 101 }]]]),
      records: recordsOf({ 1: false, 2: false, 3: true }),
      dispositions: new Map([
        [2, disposed(true)],
        [3, disposed(true)],
        [4, disposed(false)],
        [5, disposed(true, "2026-W11", "2026-W12")],
      ]),
    };
    const found = labelWeek(WEEK, sources, SELECTED);
    expect([...found.positions].map((position, i) => [WEEK.suppliers[position], found.labels[i]])).toEqual([
      [1, 1],
      [2, 0],
      [3, 1],
      [4, 0],
    ]);
    expect(found.coverage).toMatchObject({
      compared: 3,
      contradictory: 2,
      from: { event: 1, record: 2, disposition: 1 },
    });
  });
});

describe("where only a selection has outcomes", () => {
  const reviewedWeek = { ...WEEK, scored: 1_000, frame: 900, reviewed: new Set([1, 2, 3]) };
  const sources = {
    ...NONE,
    records: recordsOf({ 1: true, 2: false, 6: true }),
    dispositions: new Map([[4, disposed(true)]]),
  };

  test("alerted suppliers and answered reviews stand for their kind, and others are left out and counted", () => {
    const found = labelWeek(reviewedWeek, sources, SELECTED);
    expect([...found.weights]).toEqual([450, 450, 100]);
    expect(found).toMatchObject({ isWeighted: true });
    expect(found.coverage).toMatchObject({
      labelled: 3,
      outsideSample: 1,
      reviewSample: 3,
      reviewFrame: 900,
      from: { review: 2 },
    });
  });
  test("without an answered review, all outcomes weigh the same", () => {
    const found = labelWeek({ ...reviewedWeek, reviewed: new Set([5]) }, sources, SELECTED);
    expect([...found.weights]).toEqual([1, 1, 1, 1]);
    expect(found.isWeighted).toBe(false);
  });
  test("outcomes of nearly all suppliers are no selection", () => {
    const found = labelWeek({ ...reviewedWeek, scored: 4 }, sources, SELECTED);
    expect([...found.weights]).toEqual([1, 1, 1, 1]);
  });
});
