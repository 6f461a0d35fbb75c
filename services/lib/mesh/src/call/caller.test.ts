import { expect, it } from "vitest";
import { actorOf } from "./caller.ts";
import { cutToBytes } from "./cut-to-bytes.ts";

it.each([
  ["a subject without a name", { subject: "ada" }, "ada"],
  ["a name that equals the subject", { subject: "ada", name: "ada" }, "ada"],
  ["a name and a subject", { subject: "0f3c", name: "Ada Lovelace" }, "Ada Lovelace (0f3c)"],
  ["a name with parentheses", { subject: "0f3c", name: "Bob (admin)" }, "Bob (admin) (0f3c)"],
])("the actor of %s", (_, caller, expected) => {
  expect(actorOf(caller)).toBe(expected);
});

it("an actor with a name has at most 128 bytes and always ends with the whole subject", () => {
  const long = actorOf({ subject: "s".repeat(40), name: "é".repeat(500) });
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(128);
  expect(Buffer.byteLength(long)).toBeGreaterThan(120);
  expect(long.endsWith(`é (${"s".repeat(40)})`)).toBe(true);
  expect(actorOf({ subject: "s".repeat(126), name: "Ada" })).toBe("s".repeat(126));
});

it("a text is cut between characters, and a lone surrogate is replaced", () => {
  expect(cutToBytes("a😀b", 4)).toBe("a");
  expect(cutToBytes("a😀b", 5)).toBe("a😀");
  expect(cutToBytes("a\ud83d", 9)).toBe("a\ufffd");
});
