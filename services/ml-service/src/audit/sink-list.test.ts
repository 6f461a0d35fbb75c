import { expect, test } from "vitest";
import { AUDIT_SINK, parseSinkList } from "./sink-list.ts";

test("a list names each of its sinks, and off names none", () => {
  expect(parseSinkList("off")).toEqual([]);
  expect(parseSinkList("ops")).toEqual([{ kind: "ops" }]);
  expect(parseSinkList("ops,kafka,file:/a b,module:./own.ts,stdout")).toEqual([
    { kind: "ops" },
    { kind: "kafka" },
    { kind: "file", path: "/a b" },
    { kind: "module", path: "./own.ts" },
    { kind: "stdout" },
  ]);
});

test("a comma belongs to a path unless a sink follows", () => {
  expect(parseSinkList("file:/a,b.jsonl,ops.txt")).toEqual([{ kind: "file", path: "/a,b.jsonl,ops.txt" }]);
  expect(parseSinkList("file:/a,ops")).toEqual([{ kind: "file", path: "/a" }, { kind: "ops" }]);
});

test("the form accepts lists, and no unknown, empty or switched off sink in them", () => {
  for (const text of ["off", "ops", "file:/a,b", "ops,kafka", "file:/a,file:/b,stdout", `file:${"x".repeat(4096)}`])
    expect(AUDIT_SINK.pattern.test(text), text).toBe(true);
  for (const text of [
    "",
    "ops,",
    ",ops",
    "off,ops",
    "ops,off",
    "mail",
    "file:",
    `file:${"x".repeat(4097)}`,
    "ops kafka",
  ])
    expect(AUDIT_SINK.pattern.test(text), text.slice(0, 40)).toBe(false);
});

test("a sink that is named twice is rejected", () => {
  expect(() => parseSinkList("ops,file:/a,ops")).toThrow(/ops is named twice/);
  expect(parseSinkList("file:/a,file:/b")).toHaveLength(2);
});
