import type { Bench } from "../metric.ts";
import { measureWeek } from "./week.ts";

/** One weekly run of 10,000 suppliers: short enough to be repeated. */
export const own: Bench = (context) => measureWeek({ suppliers: 10_000, transactions: 5_000 }, context);
