/** Lowest and highest cost of a change of a feature. */
export const LEAST_COST = 0.001;
export const MOST_COST = 1000;
