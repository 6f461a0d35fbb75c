import { hash as digest } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_CHAIN, type HashedRecord, newSalt, payloadHashOf, recordHash, whyBroken } from "./record-hash.ts";

function recordOf(over: Partial<HashedRecord> = {}): HashedRecord {
  const base = {
    ...{ hashVersion: 2, sequence: 1, eventId: "e", kind: "k.l", actor: "a", subject: "s", occurredUs: 5n },
    ...{ recordedUs: 7n, recordedBy: "ml-service", payload: '{"a":1}', salt: "00".repeat(16) },
    ...{ previousHash: EMPTY_CHAIN.hash },
    ...over,
  };
  const payloadHash = payloadHashOf(base.payload ?? "", base.salt);
  const unhashed = { ...base, payloadHash };
  return { ...unhashed, hash: recordHash(unhashed), ...("hash" in over && { hash: over.hash ?? "" }) };
}

const former = recordOf({ hashVersion: 1, recordedBy: null, salt: null });

test("version 1 is the form of the first release, byte for byte", () => {
  const text = `64:${"0".repeat(64)}1:11:e3:k.l1:a1:s1:51:7` + `64:${digest("sha256", '{"a":1}')}`;
  expect(former.hash).toBe(digest("sha256", text));
  expect(whyBroken(former, EMPTY_CHAIN)).toBeNull();
});

test("every field of a record of version 2 is covered by a hash", () => {
  const record = recordOf();
  expect(whyBroken(record, EMPTY_CHAIN)).toBeNull();
  const changed: Partial<HashedRecord>[] = [
    ...[{ eventId: "f" }, { kind: "k.m" }, { actor: "b" }, { subject: "t" }, { occurredUs: 6n }, { recordedUs: 8n }],
    ...[{ recordedBy: "someone" }, { recordedBy: null }, { payload: "{}" }, { payload: "" }, { salt: newSalt() }],
    ...[{ salt: null }, { payloadHash: "0".repeat(64) }, { hashVersion: 1 }, { hashVersion: 3 }, { hash: "" }],
    ...[{ sequence: 2 }, { previousHash: "1".repeat(64) }],
  ];
  for (const over of changed) expect([over, whyBroken({ ...record, ...over }, EMPTY_CHAIN)]).not.toEqual([over, null]);
});

test("fields that version 1 does not hash must be empty in it", () => {
  expect(whyBroken({ ...former, recordedBy: "someone" }, EMPTY_CHAIN)).toBe("hash_changed");
  expect(whyBroken({ ...former, salt: newSalt() }, EMPTY_CHAIN)).toBe("hash_changed");
});

test("a record whose payload and salt were erased still verifies", () => {
  expect(whyBroken({ ...recordOf(), payload: null, salt: null }, EMPTY_CHAIN)).toBeNull();
  expect(whyBroken({ ...former, payload: null }, EMPTY_CHAIN)).toBeNull();
});

test("two records with the same payload have different payload hashes", () => {
  expect(payloadHashOf("{}", newSalt())).not.toBe(payloadHashOf("{}", newSalt()));
});

test("texts cannot move from one field to the next without a change of the hash", () => {
  const text = fc.string({ maxLength: 4 });
  fc.assert(
    fc.property(text, text, text, text, (actor, subject, otherActor, otherSubject) => {
      fc.pre(actor !== otherActor || subject !== otherSubject);
      expect(recordOf({ actor, subject }).hash).not.toBe(recordOf({ actor: otherActor, subject: otherSubject }).hash);
    }),
  );
});
