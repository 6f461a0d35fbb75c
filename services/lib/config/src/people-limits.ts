import { z } from "zod";
import { integerFrom } from "./check-schema.ts";

/** Limits of watchlists. A list that exceeds a lower limit stays, and can only become smaller. */
export interface WatchlistLimits {
  /** Number of lists of one owner, 1 to 500. Default 50. */
  readonly maxLists: number;
  /** Number of suppliers of a list, 1 to 10,000. Default 1,000. */
  readonly maxSuppliers: number;
}

/** Limits of delegations. Those that were made before a lower limit stay. */
export interface DelegationLimits {
  /** Longest time, days, 1 to 366. Default 90. */
  readonly maxDays: number;
  /** How far ahead one can begin, days, 0 to 1,096. Default 366. */
  readonly maxDaysAhead: number;
}

/** Largest values that the policy can have, which are the bounds of the contract. */
export const MOST_LISTS = 500;
export const MOST_WATCHED = 10_000;
const [MOST_DAYS, MOST_DAYS_AHEAD] = [366, 1_096];

/** The limits of a file without `watchlists`, and without `delegations`. */
export const DEFAULT_WATCHLIST_LIMITS: WatchlistLimits = { maxLists: 50, maxSuppliers: 1_000 };
export const DEFAULT_DELEGATION_LIMITS: DelegationLimits = { maxDays: 90, maxDaysAhead: 366 };

/** Schema of `watchlists` in config/risk_policy.yaml. */
export const watchlistLimitsSchema = z
  .strictObject(
    {
      max_lists: integerFrom(1, MOST_LISTS).default(DEFAULT_WATCHLIST_LIMITS.maxLists),
      max_suppliers: integerFrom(1, MOST_WATCHED).default(DEFAULT_WATCHLIST_LIMITS.maxSuppliers),
    },
    { error: "max_lists, max_suppliers" },
  )
  .prefault({});

/** Schema of `delegations` in config/risk_policy.yaml. */
export const delegationLimitsSchema = z
  .strictObject(
    {
      max_days: integerFrom(1, MOST_DAYS).default(DEFAULT_DELEGATION_LIMITS.maxDays),
      max_days_ahead: integerFrom(0, MOST_DAYS_AHEAD).default(DEFAULT_DELEGATION_LIMITS.maxDaysAhead),
    },
    { error: "max_days, max_days_ahead" },
  )
  .prefault({});
