import type { CalibrationBin } from "../evaluate/metrics.ts";

/** Characters between the scores 0 and 1. */
const WIDTH = 50;
const [MEAN, CAME_TRUE, BOTH] = ["|", "o", "*"];

const columnOf = (share: number): number => Math.min(WIDTH, Math.max(0, Math.round(share * WIDTH)));

/**
 * Returns the reliability diagram as text, which every reader of Markdown shows: a line for each bin of scores, `|` at its mean score and
 * `o` at the share that came true. The score is calibrated where both are together. Empty: no bin has a row.
 */
export function calibrationPlot(bins: readonly CalibrationBin[]): string[] {
  const filled = bins.filter(({ rows }) => rows > 0);
  if (filled.length === 0) return [];
  const scale = `score    0.0${" ".repeat(WIDTH / 2 - 4)}0.5${" ".repeat(WIDTH / 2 - 3)}1.0`;
  return [
    scale,
    ...filled.map(({ from, to, predicted, observed }) => {
      const cells = new Array<string>(WIDTH + 1).fill(".");
      cells[columnOf(predicted)] = MEAN;
      const at = columnOf(observed);
      cells[at] = cells[at] === MEAN ? BOTH : CAME_TRUE;
      return `${from.toFixed(1)}–${to.toFixed(1)}  ${cells.join("")}`;
    }),
    `${MEAN} mean score   ${CAME_TRUE} came true   ${BOTH} both`,
  ];
}
