import type {
  Performance,
  PerformanceFigure,
  PerformanceScorecard,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";

/** A figure in [0, 1] that can be plotted by week. */
export interface FigureChoice {
  readonly name: string;
  readonly of: (performance: Performance) => PerformanceFigure | undefined;
  /** The same figure without a model. Undefined: there is none. */
  readonly trivial?: (performance: Performance) => PerformanceFigure | undefined;
  /** The same figure of the scorecard. */
  readonly card: (scorecard: PerformanceScorecard) => PerformanceFigure | undefined;
}

/** The figures in the order of the list. */
export const FIGURE_CHOICES: readonly FigureChoice[] = [
  { name: "AUC", of: ({ auc }) => auc, trivial: ({ baseline }) => baseline?.lastLabelAuc, card: ({ auc }) => auc },
  {
    name: "Average precision",
    of: ({ averagePrecision }) => averagePrecision,
    trivial: ({ baseline }) => baseline?.lastLabelAveragePrecision,
    card: ({ averagePrecision }) => averagePrecision,
  },
  {
    name: "Brier score",
    of: ({ brier }) => brier,
    trivial: ({ baseline }) => baseline?.baseRateBrier,
    card: ({ brier }) => brier,
  },
  ...(["Precision", "Recall"] as const).flatMap((name): FigureChoice[] => {
    const which = name === "Precision" ? "precision" : "recall";
    return [
      {
        name: `${name} at the alert threshold`,
        of: ({ atThreshold }) => atThreshold?.[which],
        card: ({ atThreshold }) => atThreshold?.[which],
      },
      {
        name: `${name} at capacity`,
        of: ({ atCapacity }) => atCapacity?.[which],
        card: ({ atCapacity }) => atCapacity?.[which],
      },
    ];
  }),
];
