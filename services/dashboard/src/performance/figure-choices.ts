import type { Performance, PerformanceFigure } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";

/** A figure in [0, 1] that can be plotted by week. */
export interface FigureChoice {
  readonly name: string;
  readonly of: (performance: Performance) => PerformanceFigure | undefined;
  /** The same figure without a model. Undefined: there is none. */
  readonly trivial?: (performance: Performance) => PerformanceFigure | undefined;
}

/** The figures in the order of the list. */
export const FIGURE_CHOICES: readonly FigureChoice[] = [
  { name: "AUC", of: ({ auc }) => auc, trivial: ({ baseline }) => baseline?.lastLabelAuc },
  {
    name: "Average precision",
    of: ({ averagePrecision }) => averagePrecision,
    trivial: ({ baseline }) => baseline?.lastLabelAveragePrecision,
  },
  { name: "Brier score", of: ({ brier }) => brier, trivial: ({ baseline }) => baseline?.baseRateBrier },
  { name: "Precision at the alert threshold", of: ({ atThreshold }) => atThreshold?.precision },
  { name: "Recall at the alert threshold", of: ({ atThreshold }) => atThreshold?.recall },
  { name: "Precision at capacity", of: ({ atCapacity }) => atCapacity?.precision },
  { name: "Recall at capacity", of: ({ atCapacity }) => atCapacity?.recall },
];
