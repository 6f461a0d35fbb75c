import { expect, test } from "vitest";
import { checkKind, kindsOfCallers } from "./event-kinds.ts";

test("no caller may report what only ops-service records", () => {
  for (const kind of ["alert.resolved", "alerts.evaluated", "run.completed", "key.created", "events.missing"])
    expect(() => checkKind(kind, "ml", new Map())).toThrow(
      `"ml" may not report events of the kind ${kind}: only ops-service records them, when they happen`,
    );
  for (const kind of ["prediction.served", "model.alias_set", "retention.snapshots_removed", "runner.x", "alertx.y"])
    expect(() => checkKind(kind, "ml", new Map())).not.toThrow();
});

test("with a list, a caller may report its own kinds only", () => {
  const kinds = kindsOfCallers("ml=prediction.*,call.refused;key:a=b=model.*");
  expect(kinds).toEqual(
    new Map([
      ["ml", ["prediction.*", "call.refused"]],
      ["key:a=b", ["model.*"]],
    ]),
  );
  expect(() => checkKind("prediction.served", "ml", kinds)).not.toThrow();
  expect(() => checkKind("model.alias_set", "key:a=b", kinds)).not.toThrow();
  expect(() => checkKind("model.alias_set", "ml", kinds)).toThrow("(only prediction.*, call.refused there)");
  expect(() => checkKind("prediction.served", "other", kinds)).toThrow("(it is not named there)");
});

test("an empty text is no list", () => {
  expect(kindsOfCallers("")).toEqual(new Map());
});
