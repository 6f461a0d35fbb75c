import type { Bench } from "../metric.ts";
import { measureWeek } from "./week.ts";

/** Measures one weekly run of 40,000 suppliers, which is short enough to be repeated. */
export const own: Bench = (context) => measureWeek({ suppliers: 40_000, transactions: 20_000 }, context);
