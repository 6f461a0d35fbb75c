import { UNDO_MS } from "@bellwether/contract/undo-time";
import { expect, test } from "vitest";
import { lastUndoable, type UndoableAction, withAction } from "./undo-stack.ts";

const action = (words: string, atMs: number): UndoableAction => ({ words, alerts: [], atMs });

test("the latest action can be undone until its 60 seconds are over", () => {
  const stack = withAction(withAction([], action("a", 0)), action("b", 1_000));
  expect(lastUndoable(stack, 1_000 + UNDO_MS - 1)?.words).toBe("b");
  expect(lastUndoable(stack, 1_000 + UNDO_MS)).toBeUndefined();
  expect(lastUndoable([], 0)).toBeUndefined();
});

test("actions that are too old are removed, and at most 50 are kept", () => {
  expect(withAction([action("a", 0)], action("b", UNDO_MS)).map(({ words }) => words)).toEqual(["b"]);
  let stack: UndoableAction[] = [];
  for (let i = 0; i < 51; i++) stack = withAction(stack, action(String(i), i));
  expect([stack.length, stack[0]?.words]).toEqual([50, "1"]);
});
