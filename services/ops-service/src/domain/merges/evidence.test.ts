import { expect, test } from "vitest";
import { findEvidence, isProposed } from "./evidence.ts";
import { dataDigest, identityVersion, type SupplierIdentity } from "./identity.ts";

const supplier = (over: Partial<SupplierIdentity>): SupplierIdentity => ({
  ...{
    number: 1,
    supplierId: "a",
    name: "",
    region: "",
    category: "",
    identifiers: [],
    mergedInto: "",
    mergeChanges: 0,
  },
  ...over,
});

test("unknown values are nothing in common", () => {
  expect(findEvidence(supplier({}), supplier({ number: 2 }))).toEqual([]);
});

test("a similar name alone is not proposed, with the same region it is", () => {
  const one = supplier({ name: "Acme Steel Ltd", region: "EU" });
  const alone = findEvidence(one, supplier({ name: "ACME Steel", region: "US" }));
  expect([alone, isProposed(alone)]).toEqual([[{ fact: "name" }], false]);
  const both = findEvidence(one, supplier({ name: "ACME Steel", region: "EU" }));
  expect([both, isProposed(both)]).toEqual([[{ fact: "name" }, { fact: "region", value: "EU" }], true]);
  const region = findEvidence(one, supplier({ name: "Other", region: "EU", category: "" }));
  expect(isProposed(region)).toBe(false);
});

test("the same identifier is evidence, the same value of another kind is not", () => {
  const one = supplier({ identifiers: [{ kind: "erp", value: "00-47 11" }] });
  expect(findEvidence(one, supplier({ identifiers: [{ kind: "erp", value: "004711" }] }))).toEqual([
    { fact: "identifier", kind: "erp", value: "00-47 11" },
  ]);
  expect(findEvidence(one, supplier({ identifiers: [{ kind: "duns", value: "004711" }] }))).toEqual([]);
});

test("the version changes with the data and with merges, the digest of the data only with the data", () => {
  const one = supplier({ name: "A" });
  const merged = supplier({ name: "A", mergeChanges: 1 });
  expect(dataDigest(merged)).toBe(dataDigest(one));
  expect(identityVersion(merged)).not.toBe(identityVersion(one));
  expect(dataDigest(supplier({ name: "B" }))).not.toBe(dataDigest(one));
});
