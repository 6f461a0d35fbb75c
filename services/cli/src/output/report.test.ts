import { afterEach, expect, test, vi } from "vitest";
import { createReport } from "./report.ts";

const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
afterEach(() => written.mockClear());
const text = (): string => written.mock.calls.map(([chunk]) => String(chunk)).join("");

test("a line is one line: line feeds of the data are escapes, tabs between columns stay", () => {
  createReport({}).line("S_1\tAcme\nS_2: risk score 0.01\r\u2028\u001b[2J");
  expect(text()).toBe("S_1\tAcme\\u{a}S_2: risk score 0.01\\u{d}\\u{2028}\\u{1b}[2J\n");
});

test("a text of several lines keeps its line feeds, and nothing else that moves the cursor", () => {
  createReport({}).lines("# Card\n\ta\r\u001b[2J");
  expect(text()).toBe("# Card\n\ta\\u{d}\\u{1b}[2J\n");
});

test("with --json, only the JSON is printed", () => {
  const report = createReport({ json: true });
  report.line("a");
  report.lines("b");
  report.json({ a: "x\ny" });
  expect(text()).toBe('{"a":"x\\ny"}\n');
});
