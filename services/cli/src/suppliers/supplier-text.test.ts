import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { Criticality, type SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { GetSupplierResponseSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { supplierLines } from "./supplier-text.ts";

/** Returns what `suppliers show` prints about a score. */
function shown(latestScore: MessageInitShape<typeof SupplierScoreSchema>): string {
  const supplier = { supplierId: "s1", exposure: 336_814, exposureCurrency: "EUR", latestScore };
  return supplierLines(create(GetSupplierResponseSchema, { supplier })).join("\n");
}

test("an unknown expected impact names what is missing: the score or the exposure", () => {
  expect(shown({ band: Band.UNKNOWN })).toContain("expected impact not known, because the risk score is not known");
  expect(shown({ band: Band.HIGH, riskScore: 0.9 })).toContain(
    "expected impact not known, because the exposure is not known",
  );
  expect(shown({ band: Band.HIGH, riskScore: 0.9, exposureKnown: true, impact: 12.4 })).toContain("expected impact 12");
});

test("an expected impact that does not follow from the exposure of now is said to be of its week", () => {
  const last = (exposure: number) => {
    const latestScore = { isoWeek: "2026-W48", band: Band.HIGH, riskScore: 0.5, exposureKnown: true, impact: 500 };
    const supplier = { supplierId: "s1", exposure, exposureCurrency: "EUR", latestScore };
    const impactFormula = { text: "a × b", currency: "EUR", weights: [{ criticality: Criticality.NORMAL, weight: 1 }] };
    return supplierLines(create(GetSupplierResponseSchema, { supplier, impactFormula })).at(-1);
  };
  expect(last(1_000)).toBe("expected impact = a × b");
  expect(last(3_000)).toBe(
    "expected impact = a × b, with the exposure and criticality of 2026-W48: they were changed since, and the next run uses the new ones",
  );
});

test("a score beside a limit of a band is on its own side of the limit", () => {
  const low = { band: Band.LOW, riskScore: 0.3999 };
  expect(shown({ ...low, bandLimits: { medium: 0.4, high: 0.7 } })).toContain(": low 0.3999;");
  expect(shown(low)).toContain(": low 0.40;");
});

test("the value of the week before is printed only when it was another", () => {
  const reason = { contribution: 0.2, text: "past disputes 6 (typical 3)", value: 6 };
  const end = (previousValue?: number) =>
    shown({
      band: Band.HIGH,
      riskScore: 0.9,
      reasons: [{ ...reason, ...(previousValue !== undefined && { previousValue }) }],
    })
      .split("\n")
      .at(-1);
  const without = "  +0.20  past disputes 6 (typical 3)";
  expect([end(), end(6), end(4)]).toEqual([without, without, `${without}, was 4`]);
});
