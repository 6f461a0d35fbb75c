import type { BothCurves, CurvePoint, GatePlots } from "./gate-plots.ts";

/** A plot of a result. */
export interface GatePlot {
  /** Name of its file without the ending. */
  readonly name: "gate-reliability" | "gate-precision-recall" | "gate-score-shift";
  readonly title: string;
  /** A complete SVG document. */
  readonly svg: string;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 300, 52, 12, 34, 44];
const INNER = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
/** Both are readable on white and on black, and differ in lightness too. */
const COLORS = { champion: "#7a7f87", challenger: "#1673c7" } as const;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const px = (x: number): string => x.toFixed(1);
const atX = (share: number): string => px(LEFT + share * INNER.width);
const atY = (share: number): string => px(TOP + (1 - share) * INNER.height);

/** Returns the plots of a result as SVG: the same points have the same bytes. */
export function renderPlots(
  plots: GatePlots,
  versions: { readonly champion: string; readonly challenger: string },
): GatePlot[] {
  const { reliability, precisionRecall, scoreShift } = plots;
  const { champion, challenger } = versions;
  return [
    {
      ...{ name: "gate-reliability", title: "Reliability: share with the risk by mean score" },
      svg: curvePlot("Reliability", ["mean score", "share with the risk"], reliability, versions, true),
    },
    {
      ...{ name: "gate-precision-recall", title: "Precision by recall" },
      svg: curvePlot("Precision and recall", ["recall", "precision"], precisionRecall, versions, false),
    },
    {
      ...{ name: "gate-score-shift", title: `Score of ${challenger} minus score of ${champion}` },
      svg: shiftPlot(scoreShift, `score of ${challenger} minus score of ${champion}`),
    },
  ];
}

function curvePlot(
  title: string,
  axes: readonly [x: string, y: string],
  curves: BothCurves,
  versions: { readonly champion: string; readonly challenger: string },
  hasDiagonal: boolean,
): string {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const line = (points: readonly CurvePoint[], color: string): string =>
    points.length === 0
      ? ""
      : `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.map(([x, y]) => `${atX(x)},${atY(y)}`).join(" ")}"/>` +
        points.map(([x, y]) => `<circle cx="${atX(x)}" cy="${atY(y)}" r="2.5" fill="${color}"/>`).join("");
  return frame(title, axes, [
    ...ticks.map((tick) => xTick(tick, String(tick)) + yTick(tick, String(tick))),
    ...(hasDiagonal
      ? [`<line x1="${atX(0)}" y1="${atY(0)}" x2="${atX(1)}" y2="${atY(1)}" stroke="#9aa0a6" stroke-dasharray="4 4"/>`]
      : []),
    line(curves.champion, COLORS.champion),
    line(curves.challenger, COLORS.challenger),
    legend(0, COLORS.champion, `champion ${versions.champion}`),
    legend(1, COLORS.challenger, `challenger ${versions.challenger}`),
  ]);
}

function shiftPlot(bins: GatePlots["scoreShift"], axis: string): string {
  const most = bins.reduce((max, [, rows]) => Math.max(max, rows), 1);
  const [first, last] = [bins[0]?.[0] ?? -1, -(bins[0]?.[0] ?? -1)];
  const bars = bins.map(([, rows], i) => {
    const height = (rows / most) * INNER.height;
    return `<rect x="${atX(i / bins.length)}" y="${px(TOP + INNER.height - height)}" width="${px(INNER.width / bins.length - 1)}" height="${px(height)}" fill="${COLORS.challenger}"/>`;
  });
  return frame(
    "Score shift",
    [axis, "rows"],
    [
      ...bars,
      xTick(0, first.toFixed(2)),
      xTick(0.5, "0"),
      xTick(1, `+${last.toFixed(2)}`),
      yTick(0, "0"),
      yTick(1, String(most)),
    ],
  );
}

const xTick = (share: number, text: string): string =>
  `<text x="${atX(share)}" y="${TOP + INNER.height + 16}" text-anchor="middle">${escaped(text)}</text>`;
const yTick = (share: number, text: string): string =>
  `<text x="${LEFT - 6}" y="${px(Number(atY(share)) + 4)}" text-anchor="end">${escaped(text)}</text>`;
const legend = (row: number, color: string, text: string): string =>
  `<rect x="${LEFT + 8}" y="${TOP + 6 + 16 * row}" width="10" height="10" fill="${color}"/>` +
  `<text x="${LEFT + 23}" y="${TOP + 15 + 16 * row}">${escaped(text)}</text>`;

function frame(title: string, [x, y]: readonly [x: string, y: string], parts: readonly string[]): string {
  const middle = TOP + INNER.height / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="11" fill="#6b7078">`,
    `<title>${escaped(title)}</title>`,
    `<text x="${LEFT}" y="20" font-size="13" font-weight="600">${escaped(title)}</text>`,
    `<rect x="${LEFT}" y="${TOP}" width="${INNER.width}" height="${INNER.height}" fill="none" stroke="#9aa0a6"/>`,
    ...parts,
    `<text x="${LEFT + INNER.width / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(x)}</text>`,
    `<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escaped(y)}</text>`,
    "</svg>\n",
  ].join("\n");
}
