import { expect, test } from "vitest";
import { MAX_ROWS } from "../limits.ts";
import { flatRows, rowsJson } from "./flat-rows.ts";

const json = (...rows: unknown[]) => rows.map((one) => ({ json: one }));

test("each row is read by itself: a bad one is named with its field, the others are suppliers", () => {
  const rows = flatRows([
    ...json({ supplier_id: "A", late_ratio: 0.4 }, { supplier_id: "B", late_ratio: [] }, 3),
    { failure: "Unexpected end" },
    ...json({ supplierId: "C" }, { supplier_id: "D" }),
  ]);
  expect(rows.map((row) => ("supplier" in row ? row.supplier.supplierId : row.reason))).toEqual([
    ...["A", "FEATURE_WRONG_KIND", "FLAT_SUPPLIER", "MALFORMED_JSON", "FEATURE_UNKNOWN", "D"],
  ]);
  expect(rows[1]).toMatchObject({ supplierId: "B", fields: [{ field: "late_ratio" }] });
  expect(rows[2]).toMatchObject({ supplierId: "", message: expect.stringMatching(/^the row is a number/), fields: [] });
  expect(rows[4]).toMatchObject({ fields: [{ field: "supplierId" }] });
});

test(`no rows, or more than ${MAX_ROWS}, are an error`, () => {
  expect(() => flatRows([])).toThrow("has no rows");
  const most = json(...Array.from({ length: MAX_ROWS }, (_, i) => ({ supplier_id: `S_${i}` })));
  expect(flatRows(most)).toHaveLength(MAX_ROWS);
  expect(() => flatRows([...most, ...json({ supplier_id: "x" })])).toThrow("1001 rows; at most 1000");
});

test("a row beyond a limit of the contract does not reject the others", () => {
  const features = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i] as const));
  const texts = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, "x"] as const));
  const text = "ä".repeat(524_288);
  const rows = flatRows(
    json(
      ...[
        { supplier_id: "A", ...features(1_024) },
        { supplier_id: "B", ...features(1_025) },
      ],
      ...[
        { supplier_id: "C", ...texts(256) },
        { supplier_id: "D", ...texts(257) },
      ],
      ...[
        { supplier_id: "E", contract_text: text },
        { supplier_id: "F", contract_text: `${text}x` },
      ],
    ),
  );
  expect(rows.map((row) => "supplier" in row)).toEqual([true, false, true, false, true, false]);
  expect(rows[5]).toMatchObject({ reason: "INVALID_REQUEST", fields: [{ field: "contract_text" }] });
});

test("the answer has the index in the request, and field names of flat JSON", () => {
  const rows = flatRows(json({ supplier_id: "A", late_ratio: {} }, { supplier_id: "B" }, { supplier_id: "C" }));
  const field = "suppliers[0].features.late_ratio";
  const answer = rowsJson(rows, {
    scored: [],
    rejected: [
      { row: 0, reason: "FEATURE_UNKNOWN", message: `${field}: unknown`, fields: [{ field, description: "unknown" }] },
    ],
    version: "v1",
  });
  expect(answer.rejected.map(({ index, supplier_id, reason }) => [index, supplier_id, reason])).toEqual([
    [0, "A", "FEATURE_WRONG_KIND"],
    [1, "B", "FEATURE_UNKNOWN"],
  ]);
  expect(answer.rejected[1]).toMatchObject({ message: "late_ratio: unknown", fields: [{ field: "late_ratio" }] });
});

test("an id of more than 128 bytes rejects its row alone", () => {
  const [short, long] = flatRows(json({ supplier_id: "ä".repeat(64) }, { supplier_id: "ä".repeat(65) }));
  expect(short).toHaveProperty("supplier");
  expect(long).toMatchObject({
    reason: "SUPPLIER_ID",
    fields: [{ field: "supplier_id", description: "has 130 bytes; at most 128 are accepted" }],
  });
});
