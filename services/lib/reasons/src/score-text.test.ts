import { expect, test } from "vitest";
import { scoreText } from "./score-text.ts";

test.each([
  [0.3999, [], "0.40"],
  [0.3999, [0.4, 0.7], "0.3999"],
  [0.396, [0.4], "0.396"],
  [0.4, [0.4], "0.40"],
  [0.404, [0.4], "0.40"],
  [0.6949, [0.695], "0.69"],
  [0.6996, [0.695, 0.7], "0.6996"],
  [0.695, [0.695], "0.695"],
  [Math.fround(0.4) - 2 ** -25, [0.4], "0.39999998"],
  [0.4 - 2 ** -54, [0.4], "0.39999999999999997"],
  [0, [0.4], "0.00"],
  [1, [0.4], "1.00"],
] as const)("%d with the limits %j is %s", (score, limits, text) => {
  expect(scoreText(score, limits)).toBe(text);
});
