import { expect, test } from "vitest";
import { FlatSupplierError, flatSupplier } from "./flat-supplier.ts";

test.each([
  [{ supplier_id: "\ud800" }, "supplier_id"],
  [{ supplier_id: "S_1", region: "North\udfff" }, "region"],
  [{ supplier_id: "S_1", contract_text: "\udc00\ud800" }, "contract_text"],
  [{ supplier_id: "S_1", "late\ud800": 1 }, "late\ufffd"],
])("rejects a lone surrogate: %j", (json, field) => {
  expect(() => flatSupplier(json)).toThrow(FlatSupplierError);
  expect(() => flatSupplier(json)).toThrow(`${field} has half a character`);
});

test("accepts characters beyond 16 bits", () => {
  expect(flatSupplier({ supplier_id: "S_😀" }).supplierId).toBe("S_😀");
});

test.each(["A\u0000B", "   ", "\u200b"])("the supplier_id %j is rejected, as in weekly files", (id) => {
  expect(() => flatSupplier({ supplier_id: id })).toThrow(/^supplier_id has .*; send the id/);
});

test.each([
  ["a text", "FLAT_SUPPLIER"],
  [[], "FLAT_SUPPLIER"],
  [{}, "SUPPLIER_ID"],
  [{ supplier_id: 5 }, "SUPPLIER_ID"],
  [{ supplier_id: " " }, "SUPPLIER_ID"],
  [{ supplierId: "S_1" }, "FEATURE_UNKNOWN"],
  [{ supplier_id: "S_1", late_ratio: true }, "FEATURE_WRONG_KIND"],
  [{ supplier_id: "S_1", contract_text: {} }, "FEATURE_WRONG_KIND"],
  [{ supplier_id: "S_1", region: "\ud800" }, "MALFORMED_JSON"],
])("%j is rejected with the reason %s, as RPCs name the same violation", (json, reason) => {
  expect(() => flatSupplier(json)).toThrow(expect.objectContaining({ reason }));
});

test.each(["supplierId", "SUPPLIER-ID", "Supplier Id", "_supplier_id1", "contractText", "contract.text"])(
  "a reserved name in another style is named: %s",
  (name) => {
    expect(() => flatSupplier({ supplier_id: "S_1", [name]: "x" })).toThrow(
      /^.+ is not a field of flat JSON; write it "(?:supplier_id|contract_text)"$/,
    );
  },
);

test.each(["supplier_idx", "my_supplier_id", "supplier", "contract", "text", "contract_texts", "İd", "s"])(
  "a name that only begins or ends as a reserved one is a feature: %s",
  (name) => {
    expect(flatSupplier({ supplier_id: "S_1", [name]: 1 }).features).toEqual({ [name]: 1 });
  },
);
