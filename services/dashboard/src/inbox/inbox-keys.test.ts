import { expect, test } from "vitest";
import { commandOf, KEY_HELP, type KeyPress } from "./inbox-keys.ts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, hasModifier: false, repeat: false, in: "page" },
  ...more,
});

test("each key has its action", () => {
  const keys = ["j", "k", "a", "r", "s", "h", "x", "/", "?", "u", "Enter", "Escape", "."];
  expect(keys.map((key) => commandOf(press(key), true))).toEqual([
    ...["next", "previous", "acknowledge", "resolve", "snooze", "handOver", "select", "search", "help", "undo"],
    ...["open", "close", "showChanges"],
  ]);
  expect([commandOf(press("q"), true), commandOf(press("toString"), true)]).toEqual([undefined, undefined]);
});

test("keys have no effect while the reader types in a field or a form, and with Ctrl, Alt or Meta", () => {
  for (const key of ["j", "a", "r", "x", "/", "?", "Escape", "Enter", "ArrowDown"]) {
    expect(commandOf(press(key, { in: "field" }), true), key).toBeUndefined();
    expect(commandOf(press(key, { in: "form" }), true), key).toBeUndefined();
    expect(commandOf(press(key, { hasModifier: true }), true), key).toBeUndefined();
  }
});

test("a key that is held down moves, and acts only once", () => {
  expect(commandOf(press("j", { repeat: true }), true)).toBe("next");
  for (const key of ["a", "r", "s", "h", "x", "u", "Enter"]) {
    expect(commandOf(press(key, { repeat: true }), true), key).toBeUndefined();
  }
});

test("Enter belongs to the button or link that has the focus", () => {
  expect(commandOf(press("Enter", { in: "button" }), true)).toBeUndefined();
  expect(commandOf(press("j", { in: "button" }), true)).toBe("next");
});

test("without single-key shortcuts only keys with names have an effect", () => {
  expect(["j", "a", "?", "/"].map((key) => commandOf(press(key), false))).toEqual(Array(4).fill(undefined));
  expect(["ArrowDown", "Enter", "Escape"].map((key) => commandOf(press(key), false))).toEqual([
    "next",
    "open",
    "close",
  ]);
});

test("the help names every key of an action once", () => {
  const keys = KEY_HELP.flatMap(([names]) => names.split(", "));
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of ["j", "k", "a", "r", "s", "h", "x", "/", "?", "u", "e", "c", "m"]) expect(keys).toContain(key);
});
