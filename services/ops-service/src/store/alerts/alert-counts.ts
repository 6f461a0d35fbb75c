import { and, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { AlertTrend } from "../../domain/alerts/alert.ts";
import type { Db } from "../database.ts";
import { alert } from "../schema.ts";
import {
  type AlertFilter,
  type AlertScope,
  alertConditions,
  areActive,
  scopeConditions,
  snoozedAt,
} from "./alert-conditions.ts";

/** The number of alerts per tab, and of those that meet all conditions. */
export interface AlertCounts {
  readonly total: number;
  readonly active: number;
  readonly mine: number;
  readonly fresh: number;
  readonly worse: number;
  readonly snoozed: number;
  readonly decided: number;
}

/** Maximum of each number, which bounds its cost. It means: more than 10,000. */
export const MAX_COUNTED = 10_001;
/** Maximum number of active alerts that are read to count them. */
const MAX_ACTIVE = 100_000;

/** Active alerts that are equal in what tabs ask for. */
interface ActiveGroup {
  readonly owner: string;
  readonly trend: AlertTrend;
  readonly snoozed: boolean;
  readonly alerts: number;
}

/** The alerts of a scope, as the tabs of all callers count them. */
export interface ScopeCounts {
  readonly groups: readonly ActiveGroup[];
  /** Number of alerts that a person has resolved, at most MAX_COUNTED. */
  readonly decided: number;
}

/** Returns the part of a filter that is the same for all tabs. */
export function scopeOf(filter: AlertFilter): AlertScope {
  const { states: _states, dispositions: _dispositions, isDecided: _decided, weekChange: _change, ...others } = filter;
  const { owners: _owners, mine: _mine, isSnoozed: _snoozed, trend: _trend, now: _now, ...scope } = others;
  return scope;
}

/** Counts the alerts of a scope. */
export async function countScope(db: Db, scope: AlertScope, now: Date): Promise<ScopeCounts> {
  const conditions = scopeConditions(scope);
  const active = and(sql`${alert.state} <> 'resolved'`, conditions) ?? sql`true`;
  const decided = and(sql`${alert.resolvedBy} <> ''`, conditions) ?? sql`true`;
  const { rows } = await db.execute<ScopeCounts & Record<string, unknown>>(sql`
    with groups as (
      select owner, trend, snoozed, count(*) as alerts from (
        select ${alert.owner} as owner, ${alert.trend} as trend, ${snoozedAt(now)} as snoozed
        from ${alert} where ${active} limit ${MAX_ACTIVE}::int
      ) a group by owner, trend, snoozed
    )
    select (select coalesce(json_agg(g), '[]') from groups g) as groups,
      (select count(*)::int from (select from ${alert} where ${decided} limit ${MAX_COUNTED}::int) d) as decided`);
  return rows[0] ?? { groups: [], decided: 0 };
}

/**
 * Returns the number of alerts of a list and of each tab.
 * @param counts of `scopeOf(filter)`
 * @param mine the owners of the tab of the caller's alerts
 */
export async function countAlerts(
  db: Db,
  filter: AlertFilter,
  { groups, decided }: ScopeCounts,
  mine: readonly string[],
): Promise<AlertCounts> {
  const sum = (isCounted: (group: ActiveGroup) => boolean): number =>
    groups.reduce((alerts, group) => (isCounted(group) ? alerts + group.alerts : alerts), 0);
  const active = sum(() => true);
  const count = (isCounted: (group: ActiveGroup) => boolean): number => Math.min(sum(isCounted), MAX_COUNTED);
  const tabs = {
    active: Math.min(active, MAX_COUNTED),
    snoozed: count(({ snoozed }) => snoozed),
    mine: count(({ snoozed, owner }) => !snoozed && mine.includes(owner)),
    fresh: count(({ snoozed, trend }) => !snoozed && trend === "new"),
    worse: count(({ snoozed, trend }) => !snoozed && trend === "worse"),
    decided,
  };
  const { states, dispositions, owners = [], isSnoozed, trend, isDecided, weekChange } = filter;
  const isDecidedTab =
    isDecided &&
    states?.join() === "resolved" &&
    !dispositions &&
    owners.length === 0 &&
    !filter.mine &&
    isSnoozed === undefined &&
    !trend &&
    !weekChange;
  if (isDecidedTab) return { ...tabs, total: decided };
  // The groups have every active alert, unless there are more than are read.
  const isOfGroups = states && areActive(states) && !dispositions && !isDecided && !weekChange && active < MAX_ACTIVE;
  if (!isOfGroups) return { ...tabs, total: await countList(db, filter) };
  const total = count(
    (group) =>
      owners.every((owner) => group.owner === owner) &&
      (filter.mine === undefined || filter.mine.includes(group.owner)) &&
      (isSnoozed === undefined || group.snoozed === isSnoozed) &&
      (trend === undefined || group.trend === trend),
  );
  return { ...tabs, total };
}

async function countList(db: Db, filter: AlertFilter): Promise<number> {
  const conditions = alertConditions(filter) ?? sql`true`;
  const { rows } = await db.execute<{ total: number }>(sql`
    select count(*)::int as total from (select from ${alert} where ${conditions} limit ${MAX_COUNTED}::int) d`);
  return rows[0]?.total ?? 0;
}
