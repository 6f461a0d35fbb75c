import type { PerformanceFigure } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import type { ReactNode } from "react";
import { scoreText } from "../parts/format.ts";
import { linearScale } from "../plots/linear-scale.ts";

const WIDTH = 640;
const HEIGHT = 232;
const BOX = { left: 40, right: WIDTH - 24, top: 12, bottom: HEIGHT - 28 };
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** A share in [0, 1] at a position. */
export interface PlottedShare {
  /** Position from left to right, in [0, 1]. */
  readonly at: number;
  readonly figure: PerformanceFigure | undefined;
  /** The same share without a model. Undefined: there is none. */
  readonly trivial?: number | undefined;
  /** The same share of the scorecard. Undefined: there is none. */
  readonly card?: number | undefined;
  /** What is at this position, for the tooltip. */
  readonly title: string;
}

interface SharePlotProps {
  /** The whole plot in words. */
  readonly label: string;
  readonly shares: readonly PlottedShare[];
  /** Texts below the axis, by position. */
  readonly ticks: readonly (readonly [at: number, text: string])[];
  /** Whether a dashed line joins the corners: equal shares on both axes. */
  readonly hasDiagonal?: boolean;
}

/** Plots shares with their intervals as dots, the shares without a model as dashes, and those of the scorecard as circles. */
export function SharePlot({ label, shares, ticks, hasDiagonal = false }: SharePlotProps) {
  const x = linearScale([0, 1], [BOX.left, BOX.right]);
  const y = linearScale([0, 1], [BOX.bottom, BOX.top]);
  return (
    <svg className="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {GRID.map((share) => (
        <g key={share}>
          <line className="grid" x1={BOX.left} x2={BOX.right} y1={y(share)} y2={y(share)} />
          <text x={BOX.left - 8} y={y(share) + 4} textAnchor="end">
            {scoreText(share)}
          </text>
        </g>
      ))}
      {hasDiagonal && <line className="model-change" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />}
      {ticks.map(([at, text]) => (
        <text key={text} x={x(at)} y={HEIGHT - 6} textAnchor="middle">
          {text}
        </text>
      ))}
      {shares.map((share) => mark(share, x(share.at), y))}
    </svg>
  );
}

function mark({ figure, trivial, card, title }: PlottedShare, x: number, y: (share: number) => number): ReactNode {
  const { value, low, high } = figure ?? {};
  return (
    <g key={title}>
      <title>{title}</title>
      {trivial !== undefined && <line className="base" x1={x - 5} x2={x + 5} y1={y(trivial)} y2={y(trivial)} />}
      {card !== undefined && <circle className="base" fill="none" cx={x} cy={y(card)} r={5} />}
      {low !== undefined && high !== undefined && <line className="joint" x1={x} x2={x} y1={y(low)} y2={y(high)} />}
      {value !== undefined && <circle className="dot" data-tone="busy" cx={x} cy={y(value)} r={4} />}
    </g>
  );
}
