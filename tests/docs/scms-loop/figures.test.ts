import { expect, test } from "vitest";
import { lineFigure } from "./figures.ts";

const figure = (values: readonly (number | null)[]) =>
  lineFigure({
    ...{ title: "AUC <by> quarter", positions: ["2009 Q1", "2009 Q2", "2009 Q3"], from: 0, to: 1 },
    series: [{ name: "loop & co", color: "#06c", values, intervals: [[0.4, 0.6], null, null] }],
    marks: [{ at: 1, text: "v2" }],
  });

test("a missing value interrupts the line, and texts are escaped", () => {
  const svg = figure([0.5, null, 0.7]);
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toMatch(/<path d="M\d+\.\d \d+\.\dM\d+\.\d \d+\.\d"\/>/);
  expect(svg).toContain("AUC &lt;by&gt; quarter");
  expect(svg).toContain("loop &amp; co");
});

test("the same values make the same bytes, and values beyond the axis are drawn at its end", () => {
  expect(figure([0.5, 0.6, 0.7])).toBe(figure([0.5, 0.6, 0.7]));
  expect(figure([0, 2, -1])).toBe(figure([0, 1, 0]));
});
