import { expect, test } from "vitest";
import { visibleText } from "./visible-text.ts";

test("characters that reverse or hide text are shown as their code", () => {
  expect(visibleText("Acme\u202egnp.exe")).toBe("Acme⟨U+202E⟩gnp.exe");
  expect(visibleText("Ac\u200bme\ufeff")).toBe("Ac⟨U+200B⟩me⟨U+FEFF⟩");
  expect(visibleText("Ac\u200dme")).toBe("Ac⟨U+200D⟩me");
  expect(visibleText("\u2066x\u2069")).toBe("⟨U+2066⟩x⟨U+2069⟩");
  expect(visibleText("a\u2028b")).toBe("a⟨U+2028⟩b");
});

test("control characters are shown as their symbol, and a comment keeps its lines", () => {
  expect(visibleText("a\u0000b\nc\u007f\u0085")).toBe("a␀b␊c␡⟨U+0085⟩");
  expect(visibleText("a\u0000b\nc\td", true)).toBe("a␀b\nc\td");
});

test("names of every script, emoji and markup are not changed", () => {
  for (const name of [
    "Zoë & Søn",
    "שלום בע״מ",
    "شركة",
    "می\u200cخواهم",
    "क्\u200dष",
    "👩🏽\u200d🔧 Works",
    "<b>x</b>",
  ]) {
    expect(visibleText(name), name).toBe(name);
  }
});

test("half of a surrogate pair is shown as its code", () => {
  expect(visibleText("a\ud800b")).toBe("a⟨U+D800⟩b");
});
