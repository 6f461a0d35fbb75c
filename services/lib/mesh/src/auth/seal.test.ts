import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createSeal, parseSealKeys } from "./seal.ts";

const [a, b] = [randomBytes(32), randomBytes(32)].map((bytes) => new Uint8Array(bytes)) as [Uint8Array, Uint8Array];
const T0 = 1_800_000_000_000;
const at = (keys: readonly Uint8Array[], ms = T0) => createSeal(keys, () => ms);

it("opens what was sealed for the same purpose", async () => {
  const sealed = await at([a]).seal("session", { sid: "x" }, T0 + 60_000);
  expect(await at([a]).open("session", sealed)).toMatchObject({
    payload: { sid: "x" },
    sealedAtMs: T0,
    isOldKey: false,
  });
  expect(sealed).not.toContain(Buffer.from("sid").toString("base64url"));
});

it("does not open a value for another purpose, with another key, changed, or expired", async () => {
  const sealed = await at([a]).seal("session", { sid: "x" }, T0 + 60_000);
  expect(await at([a]).open("sign-in", sealed)).toBeUndefined();
  expect(await at([b]).open("session", sealed)).toBeUndefined();
  expect(await at([a], T0 + 59_000).open("session", sealed)).toBeDefined();
  expect(await at([a], T0 + 61_000).open("session", sealed)).toBeUndefined();
  for (const index of [0, 20, 60, sealed.length - 3]) {
    const other = sealed[index] === "A" ? "B" : "A";
    expect(await at([a]).open("session", sealed.slice(0, index) + other + sealed.slice(index + 1))).toBeUndefined();
  }
});

it.each(["", ".", "....", "a.b.c.d.e", "x".repeat(5_000), "é", "eyJhbGciOiJub25lIn0.e30."])(
  "does not open %j",
  async (text) => {
    expect(await at([a]).open("session", text)).toBeUndefined();
  },
);

it("opens values of the older key during a rotation, and reports them", async () => {
  const sealed = await at([a]).seal("session", {}, T0 + 60_000);
  expect(await at([b, a]).open("session", sealed)).toMatchObject({ isOldKey: true });
  const again = await at([b, a]).seal("session", {}, T0 + 60_000);
  expect(await at([a, b]).open("session", again)).toMatchObject({ isOldKey: true });
  expect(await at([b]).open("session", again)).toMatchObject({ isOldKey: false });
});

it("parses one key or two in base64url or hex", () => {
  const [hex, text] = [Buffer.from(a).toString("hex"), Buffer.from(b).toString("base64url")];
  expect(parseSealKeys(`${hex}\n`)).toEqual([a]);
  expect(parseSealKeys(`${text},${hex}`)).toEqual([b, a]);
  expect(parseSealKeys(`${text}\n${hex}\n`)).toEqual([b, a]);
});

it.each(["", "secret-word", `${"a".repeat(42)}`, "a b c", "!".repeat(43)])(
  "rejects the keys %j without repeating them",
  (text) => {
    expect(() => parseSealKeys(text)).toThrow(/expected one key or two|is not 32 bytes/);
    if (text !== "" && !text.includes(" ")) expect(() => parseSealKeys(text)).not.toThrow(text);
  },
);
