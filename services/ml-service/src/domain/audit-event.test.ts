import { hash } from "node:crypto";
import { canonicalJson } from "@bellwether/contract/canonical-json";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answersDigest, createNumberWriter, scoreBits, storedText, supplierDigest } from "./audit-event.ts";

const sent = {
  supplierId: "S",
  features: { a: 1, b: 0.5 },
  categories: { region: "EU" },
  contractText: "due in 30 days",
};

test("a supplier's digest depends on everything except the order of the features", () => {
  const digest = supplierDigest(sent);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(supplierDigest({ ...sent, features: { b: 0.5, a: 1 } })).toBe(digest);
  for (const over of [
    { supplierId: "T" },
    { features: { a: 1, b: 0.5000000000000001 } },
    { categories: {} },
    { contractText: "due in 31 days" },
  ])
    expect(supplierDigest({ ...sent, ...over })).not.toBe(digest);
});

test("a supplier's digest can be computed with RFC 8785 alone", () => {
  expect(supplierDigest({ supplierId: "é", features: { "10": 1e21, "9": -0 }, categories: {}, contractText: "" })).toBe(
    // printf '%s' '{"categories":{},"contract_text_sha256":"e3b0…b855","features":{"10":1e+21,"9":0},"supplier_id":"é"}' | sha256sum
    "fb6c0149671ffd9c691f87a84999d4004d3044db5bb60048797693291e88d980",
  );
});

test("numbers are written as canonical JSON, whatever names were written before", () => {
  const write = createNumberWriter();
  const name = fc.oneof(
    fc.constantFrom("a", "b", "__proto__", "10", "9", "\u{1f600}", "\ufb33", "\ud800"),
    fc.string(),
  );
  const numbers = fc.dictionary(name, fc.double({ noNaN: true, noDefaultInfinity: true }), { noNullPrototype: true });
  fc.assert(
    fc.property(numbers, (sent) => {
      expect(write(sent)).toBe(canonicalJson(sent));
    }),
  );
});

test("a digest is that of the canonical JSON of the whole input", () => {
  const input = {
    supplier_id: 'S "1"',
    features: { b: 1.5, a: -0 },
    categories: { z: "é", y: "1" },
    contract_text_sha256: hash("sha256", "due"),
    term_weights: { late: 0.25 },
  };
  const { supplier_id: supplierId, features, categories, term_weights: termWeights } = input;
  expect(supplierDigest({ supplierId, features, categories, contractText: "due", termWeights })).toBe(
    hash("sha256", canonicalJson(input)),
  );
});

test("NaN, Infinity and -Infinity, which JSON does not have, give different digests", () => {
  const digests = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0].map((a) =>
    supplierDigest({ ...sent, features: { a } }),
  );
  expect(new Set(digests).size).toBe(4);
});

test("term weights that JSON does not have give different digests too", () => {
  const digests = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0].map((late) =>
    supplierDigest({ ...sent, termWeights: { late } }),
  );
  expect(new Set(digests).size).toBe(4);
});

test("a batch's digest covers ids, scores and bands", () => {
  const digest = answersDigest(["a", "b"], new Uint8Array(16), new Uint8Array([1, 2]));
  expect(answersDigest(["b", "a"], new Uint8Array(16), new Uint8Array([1, 2]))).not.toBe(digest);
  expect(answersDigest(["a", "b"], new Uint8Array(16).fill(1), new Uint8Array([1, 2]))).not.toBe(digest);
  expect(answersDigest(["a", "b"], new Uint8Array(16), new Uint8Array([2, 1]))).not.toBe(digest);
});

test("the bits of a score are those of IEEE 754", () => {
  expect(scoreBits(0.7937423734858982)).toBe("3fe9665667f24880");
  expect(scoreBits(1)).toBe("3ff0000000000000");
});

test("stored text keeps 256 bytes of UTF-8, not 257, and never a part of a character", () => {
  expect(storedText("x".repeat(256), 256)).toBe("x".repeat(256));
  expect(storedText("x".repeat(257), 256)).toBe("x".repeat(256));
  for (const character of ["é", "€", "😀"])
    for (const shift of ["", "x", "xx", "xxx"]) {
      const kept = storedText(shift + character.repeat(300), 256);
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(256);
      expect(Buffer.byteLength(kept)).toBeGreaterThan(250);
      expect(kept.isWellFormed()).toBe(true);
    }
  expect(storedText("a\0b\ud800", 256)).toBe("a\ufffdb\ufffd");
});
