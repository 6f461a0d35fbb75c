import { UNDO_MS } from "@bellwether/contract/undo-time";
import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { afterAction, lastUndoable, type UndoableAction, withAction } from "./undo-stack.ts";

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

test("an action whose alerts have all changed since is removed: its undo would fail", () => {
  const alert = (alertId: string) => create(AlertSchema, { alertId });
  const one = { ...action("one", 0), alerts: [alert("1")] };
  const both = { ...action("both", 1), alerts: [alert("1"), alert("2")] };
  expect(afterAction([one, both], [alert("1")], undefined)).toEqual([both]);
  expect(afterAction([one, both], [alert("2")], action("new", 2)).map(({ words }) => words)).toEqual([
    "one",
    "both",
    "new",
  ]);
});
