import { expect, test, vi } from "vitest";
import { batchHasSupplier } from "./batch-has-supplier.ts";

const payload = (text: string) =>
  JSON.stringify({ input: { message: "m", bytes: Buffer.from(text).toString("base64") }, answers: {} });
const suppliers = (...ids: string[]) =>
  ids.map((supplierId) => ({ supplierId, features: {}, categories: {}, contractText: "", termWeights: {} }));

test("a batch has a supplier only with its whole id", () => {
  expect(batchHasSupplier(payload("..S10.."), "S1", () => suppliers("S10"))).toBe(false);
  expect(batchHasSupplier(payload("..S10..S1.."), "S1", () => suppliers("S10", "S1"))).toBe(true);
});

test("a batch without the bytes of the id is not decoded", () => {
  const readBatch = vi.fn(() => suppliers("S1"));
  expect(batchHasSupplier(payload("..S2.."), "S1", readBatch)).toBe(false);
  expect(readBatch).not.toHaveBeenCalled();
});

test("a batch that cannot be read but has the bytes of the id counts as one that has the supplier", () => {
  expect(batchHasSupplier(payload("..S1.."), "S1", () => undefined)).toBe(true);
});

test.each(['{"input":{"not_kept":"policy"}}', "{}", '{"input":null}', '{"input":{"bytes":7,"message":"m"}}'])(
  "a payload without a kept batch has no supplier: %s",
  (text) => {
    expect(batchHasSupplier(text, "S1", () => suppliers("S1"))).toBe(false);
  },
);
