import { expect, test } from "vitest";
import { cutText, plainLine } from "./cut-text.ts";

test("a text of the maximum length is not cut, and a longer one ends with an ellipsis", () => {
  expect(cutText("abcde", 5)).toBe("abcde");
  expect(cutText("abcdef", 5)).toBe("abcd…");
  expect(cutText("", 5)).toBe("");
});

test("a character of several code points is kept whole or left out", () => {
  const worker = "👩🏽‍🔧";
  expect(cutText(`ab${worker}`, 2 + worker.length)).toBe(`ab${worker}`);
  expect(cutText(`ab${worker}c`, 2 + worker.length)).toBe("ab…");
  expect(cutText(`e${"\u0301".repeat(1_000)}`, 100)).toBe("…");
});

test("a line has no line end, no reversed text, and keeps its order beside text from right to left", () => {
  expect(plainLine("Acme\r\nBcc: x", 50)).toBe("Acme␍␊Bcc: x");
  expect(plainLine("Acme \u202egnp.exe", 50)).toBe("Acme ⟨U+202E⟩gnp.exe");
  expect(plainLine("שלום", 50)).toBe("\u2068שלום\u2069");
  expect(plainLine("\u2069שלום", 50)).toBe("\u2068⟨U+2069⟩שלום\u2069");
});
