import type { Bench } from "./metric.ts";
import { measureWeek } from "./own/week.ts";

/** Measures one weekly run of 100,000 suppliers. */
export const bench: Bench = (context) => measureWeek({ suppliers: 100_000, transactions: 50_000 }, context);
