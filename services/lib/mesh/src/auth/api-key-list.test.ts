import { randomBytes } from "node:crypto";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { keyHash, keyPrefix } from "./api-key-hash.ts";
import { type AcceptedKey, createApiKeyList } from "./api-key-list.ts";

const secret = (mark = "abcdefgh"): string => `bw_${mark}_${randomBytes(32).toString("base64url")}`;
const entry = (key: string, over: Partial<AcceptedKey> = {}): AcceptedKey => ({
  ...{ id: "1", name: "loader", prefix: keyPrefix(key), sha256: keyHash(key), role: "service", expiresAtMs: 2_000 },
  ...over,
});

function listAt(holdMs = 100) {
  const clock = { monotonic: 0, now: 1_000 };
  const list = createApiKeyList({ holdMs, monotonicMs: () => clock.monotonic, now: () => clock.now });
  return { list, clock };
}

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? "none";
  }
  return "OK";
}

it("identifies the caller of a listed key", () => {
  const { list } = listAt();
  const key = secret();
  list.replace([entry(secret("other123")), entry(key)]);
  expect(list.verify(key)).toEqual({
    subject: "key:loader",
    roles: new Set(["service"]),
    via: "key",
    expiresAtMs: 2_000,
  });
});

it("gives callers with a key the suppliers of the key", () => {
  const { list } = listAt();
  const key = secret();
  const scope = { regions: ["Europe"], categories: [] };
  list.replace([entry(key, { role: "viewer", scope })]);
  expect(list.verify(key)?.scope).toEqual(scope);
});

it("leaves other tokens to the other kinds of credentials", () => {
  const { list } = listAt();
  expect(list.verify("eyJhbGciOi")).toBeUndefined();
  expect(list.verify("")).toBeUndefined();
});

it("rejects an unknown key, a wrong secret, a malformed key, and a key that left the list", () => {
  const { list } = listAt();
  const key = secret();
  list.replace([entry(key)]);
  for (const wrong of [secret("zzzzzzzz"), secret(), `${key}x`, key.slice(0, -1), "bw_", `bw_${"é".repeat(30)}`])
    expect([wrong, reasonOf(() => list.verify(wrong))]).toEqual([wrong, "KEY_INVALID"]);
  list.replace([]);
  expect(reasonOf(() => list.verify(key))).toBe("KEY_INVALID");
});

it("rejects a key from its end date on", () => {
  const { list, clock } = listAt();
  const key = secret();
  list.replace([entry(key)]);
  clock.now = 1_999;
  expect(reasonOf(() => list.verify(key))).toBe("OK");
  clock.now = 2_000;
  expect(reasonOf(() => list.verify(key))).toBe("KEY_EXPIRED");
});

it("uses a list for the hold time after it was received or confirmed, and rejects keys before the first list", () => {
  const { list, clock } = listAt(100);
  const key = secret();
  list.confirm();
  expect(reasonOf(() => list.verify(key))).toBe("KEYS_UNAVAILABLE");
  list.replace([entry(key)]);
  clock.monotonic = 100;
  expect(reasonOf(() => list.verify(key))).toBe("OK");
  clock.monotonic = 101;
  expect(reasonOf(() => list.verify(key))).toBe("KEYS_UNAVAILABLE");
  list.confirm();
  expect(reasonOf(() => list.verify(key))).toBe("OK");
});

it("collects the latest use of each key until it is taken", () => {
  const { list, clock } = listAt();
  const key = secret();
  list.replace([entry(key)]);
  list.verify(key);
  clock.now = 1_500;
  list.verify(key);
  expect(list.takeUses()).toEqual([{ id: "1", usedAtMs: 1_500 }]);
  expect(list.takeUses()).toEqual([]);
});
