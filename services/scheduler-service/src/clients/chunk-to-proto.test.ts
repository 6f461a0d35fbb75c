import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { expect, test } from "vitest";
import { attributesToProto, featuresToProto } from "./chunk-to-proto.ts";

const chunk: SnapshotChunk = {
  index: 0,
  rows: 3,
  supplierIds: ["a", "b", "c"],
  asOfDays: null,
  numbers: new Map([
    ["delay", Float64Array.of(1, Number.NaN, 3)],
    ["amount", Float64Array.of(4, 5, 6)],
  ]),
  categories: new Map([["region", ["n", null, "n"]]]),
  texts: ["one", "", "three"],
  attributes: {
    displayName: ["Ann\0e", null, "é".repeat(400)],
    region: [null, null, null],
    category: ["x", "y", "x"],
    exposure: Float64Array.of(10, Number.NaN, 0),
    owner: [null, null, null],
  },
};

test("sends numbers by column as float32, and categories as codes", () => {
  const request = featuresToProto(chunk);
  expect([...new Float32Array(request.values.buffer)]).toEqual([1, Number.NaN, 3, 4, 5, 6]);
  expect(request).toMatchObject({
    supplierIds: ["a", "b", "c"],
    featureNames: ["delay", "amount"],
    categories: [{ name: "region", dictionary: ["n"], codes: [0, 0xffffffff, 0] }],
    contractTexts: ["one", "", "three"],
  });
  expect(featuresToProto({ ...chunk, texts: null }).contractTexts).toEqual([]);
});

test("cuts names to whole characters within the byte limit of the contract", () => {
  const { supplierNames } = attributesToProto(chunk.attributes);
  expect(supplierNames).toEqual(["Anne", "", "é".repeat(256)]);
});

test("omits an attribute that no row has", () => {
  const sent = attributesToProto(chunk.attributes);
  expect(sent).not.toHaveProperty("regions");
  expect(sent.categories).toEqual({ name: "category", dictionary: ["x", "y"], codes: [0, 1, 0] });
  const exposure = Float64Array.of(Number.NaN, Number.NaN, Number.NaN);
  expect(attributesToProto({ ...chunk.attributes, exposure })).not.toHaveProperty("exposures");
});
