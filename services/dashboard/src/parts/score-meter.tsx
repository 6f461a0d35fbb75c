import { scoreText } from "./format.ts";

/** A risk score in [0, 1] as a number and a bar. Undefined: a dash. */
export function ScoreMeter({ score }: { score: number | undefined }) {
  const percent = score === undefined ? 0 : Math.min(1, Math.max(0, score)) * 100;
  return (
    <span className="score">
      <span className="number">{scoreText(score)}</span>
      <span className="score-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
    </span>
  );
}
