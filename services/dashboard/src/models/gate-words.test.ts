import {
  type GateCheckOutcome,
  GateCheckSchema,
  GateResultSchema,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { checkTitle, figureText, outcomeWord, verdictWord, whyNotApproved } from "./gate-words.ts";

const text = (check: MessageInitShape<typeof GateCheckSchema>) => figureText(create(GateCheckSchema, check));

test("a figure has its interval and its bound, and a difference has its sign", () => {
  expect(text({ name: "auc", figure: -0.0014, low: -0.0076, high: 0.0047, bound: 0 })).toBe(
    "−0.0014 (−0.0076 to +0.0047), bound 0.0000",
  );
  expect(text({ name: "latency", figure: 2.6, low: 2, high: 3.1 })).toBe("2.6 (2 to 3.1)");
  expect(text({ name: "alerts", figure: 0.18, bound: 0.2 })).toBe("0.18, bound 0.2");
  expect(text({ name: "auc", bound: 0 })).toBe("–");
});

test("a check, an outcome and a verdict of a later release are shown", () => {
  expect(checkTitle("new_check")).toBe("new check");
  expect(outcomeWord(99 as GateCheckOutcome)).toEqual({ text: "unknown (99)", tone: "quiet" });
  expect(verdictWord(GateVerdict.HELD).text).toBe("Held: a person decides");
});

test("a failed result, and one about another champion, cannot be approved", () => {
  const result = (verdict: GateVerdict) => create(GateResultSchema, { verdict, champion: "v2" });
  expect(whyNotApproved(result(GateVerdict.HELD), "v2")).toBeUndefined();
  expect(whyNotApproved(result(GateVerdict.FAIL), "v2")).toContain("failed");
  expect(whyNotApproved(result(GateVerdict.PASS), "v5")).toContain("which is now v5");
  expect(whyNotApproved(result(GateVerdict.PASS), "")).toContain("which is now no version");
});
