import {
  GateCheckOutcome,
  GateResultSchema,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decisionOf, isApproved } from "./decide-promotion.ts";

const { HELD, PASSED, NOT_MADE } = GateCheckOutcome;
const decided = (verdict: GateVerdict, champion?: number, challenger?: number) =>
  decisionOf(
    create(GateResultSchema, {
      ...{ verdict, rows: 40n, positives: 7n },
      checks: [
        { name: "window", outcome: HELD },
        { name: "auc", outcome: NOT_MADE, champion, challenger },
        { name: "contract", outcome: PASSED },
      ],
    }),
  );

test("a held version is approved only if it ranks better than the champion", () => {
  expect(decided(GateVerdict.HELD, 0.7, 0.8)).toMatchObject({ open: ["window"], rows: 40, late: 7, isPromoted: false });
  expect(isApproved(decided(GateVerdict.HELD, 0.7, 0.8))).toBe(true);
  expect(isApproved(decided(GateVerdict.HELD, 0.7, 0.7))).toBe(false);
  expect(isApproved(decided(GateVerdict.HELD, 0.8, 0.7))).toBe(false);
});

test("a version that failed, or whose AUC is not determined, is not approved", () => {
  expect(isApproved(decided(GateVerdict.FAIL, 0.7, 0.8))).toBe(false);
  expect(isApproved(decided(GateVerdict.HELD))).toBe(false);
  expect(isApproved(decided(GateVerdict.HELD, 0.7))).toBe(false);
});
