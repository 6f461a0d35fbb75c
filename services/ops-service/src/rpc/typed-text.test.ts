import { expect, test } from "vitest";
import { checkedText, typedText } from "./typed-text.ts";

test("a text with characters that change the text direction is rejected with its field", () => {
  for (const control of ["\u202a", "\u202e", "\u2066", "\u2069"]) {
    const error = { name: "TypedTextError", message: expect.stringMatching(/^reason: has characters that change/) };
    expect(() => typedText(`paid ${control}fdp`)).toThrow(expect.objectContaining(error));
    expect(() => checkedText(control, "note")).toThrow("note: has characters that change the text direction");
  }
  // Marks that Arabic and Hebrew texts need stay possible.
  expect(typedText(" \u061cشركة \u200fשלום\u200eb ")).toBe("شركة \u200fשלום\u200eb");
  expect(checkedText(" a\n ", "note")).toBe(" a\n ");
});
