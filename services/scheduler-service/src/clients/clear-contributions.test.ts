import { expect, test } from "vitest";
import { clearContributions } from "./clear-contributions.ts";

test("rows with an unknown band and invalid rows get zeros, at any offset; the others stay", () => {
  const NONE = Number.NaN;
  const sent = new Uint8Array(1 + 4 * 6);
  sent.set(new Uint8Array(Float32Array.of(1, -2, NONE, NONE, NONE, NONE).buffer), 1);
  const contributions = sent.subarray(1);
  clearContributions({ bands: Uint8Array.of(3, 1, 0), columnNames: ["spend", "delay"], contributions });
  expect([...new Float32Array(sent.slice(1).buffer)]).toEqual([1, -2, 0, 0, 0, 0]);
});
