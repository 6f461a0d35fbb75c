import { UUID_PATTERN } from "@bellwether/contract/uuid";
import { AlertSeverity, AlertState, AlertTrend } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertOrder,
  AlertOwnership,
  AlertSnoozeFilter,
  type ListAlertsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek } from "../input/parse-option.ts";
import { openOps } from "../remote/ops-client.ts";
import type { OpsOptions } from "../remote/shared-options.ts";
import { findWatchlist } from "../watchlists/watchlist-text.ts";

const STATES = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  in_mitigation: AlertState.IN_MITIGATION,
  resolved: AlertState.RESOLVED,
} as const;
const SEVERITIES = { warning: AlertSeverity.WARNING, critical: AlertSeverity.CRITICAL } as const;
const TRENDS = {
  new: AlertTrend.NEW,
  worse: AlertTrend.WORSE,
  better: AlertTrend.BETTER,
  same: AlertTrend.SAME,
} as const;
const ORDERS = {
  severity: AlertOrder.UNSPECIFIED,
  impact: AlertOrder.EXPECTED_IMPACT,
  change: AlertOrder.SCORE_CHANGE,
} as const;

/** Options that select alerts, as they were parsed. */
export interface FilterOptions {
  readonly state?: readonly string[];
  readonly severity?: keyof typeof SEVERITIES;
  readonly supplier?: string;
  readonly week?: string;
  readonly rule?: string;
  readonly model?: string;
  readonly owner?: string;
  readonly mine?: boolean;
  readonly unowned?: boolean;
  readonly region?: string;
  readonly category?: string;
  readonly text?: string;
  readonly watchlist?: string;
  readonly snoozed?: boolean;
  readonly awake?: boolean;
  readonly trend?: keyof typeof TRENDS;
  readonly order: keyof typeof ORDERS;
}

/** Adds the options that select alerts to a command. */
export function withFilters(command: Command): Command {
  return command
    .addOption(
      new Option("--state <states...>", "only alerts in these states (default: all except resolved)").choices([
        ...Object.keys(STATES),
        "all",
      ]),
    )
    .addOption(new Option("--severity <severity>", "only alerts of this severity").choices(Object.keys(SEVERITIES)))
    .option("--supplier <id>", "only alerts about this supplier")
    .option("--week <week>", "only alerts whose last evaluation was in this ISO week, for example 2026-W47", isoWeek)
    .option("--rule <id>", "only alerts of this rule")
    .option("--model <name>", "only alerts of this model (default: all models)")
    .addOption(new Option("--owner <owner>", "only alerts of this owner").conflicts(["mine", "unowned"]))
    .addOption(new Option("--mine", "only alerts whose owner is the caller").conflicts("unowned"))
    .option("--unowned", "only alerts without an owner")
    .option("--region <region>", "only alerts about suppliers of this region")
    .option("--category <category>", "only alerts about suppliers of this category")
    .option("--text <text>", "only alerts about suppliers whose name or id contains this text")
    .option("--watchlist <list>", "only alerts about suppliers of this watchlist: its name or its id")
    .addOption(new Option("--snoozed", "only alerts that are snoozed").conflicts("awake"))
    .option("--awake", "only alerts that are not snoozed")
    .addOption(
      new Option("--trend <trend>", "only alerts with this change since the week before").choices(Object.keys(TRENDS)),
    )
    .addOption(
      new Option(
        "--order <order>",
        "order of the alerts. severity: highest severity first, alerts of one severity by expected impact; impact: highest expected impact first; change: largest increase of the score first",
      )
        .choices(Object.keys(ORDERS))
        .default("severity"),
    );
}

/**
 * Returns the request for the alerts that the options select.
 * @throws UsageError for an empty text, and for a watchlist that does not exist
 */
export async function filterRequest(
  context: CliContext,
  options: FilterOptions & OpsOptions,
): Promise<MessageInitShape<typeof ListAlertsRequestSchema>> {
  for (const name of ["supplier", "rule", "model", "owner", "region", "category", "text", "watchlist"] as const)
    if (options[name] === "")
      throw new UsageError(
        `--${name} is empty; leave it out for all alerts${name === "owner" ? ", or give --unowned" : ""}`,
      );
  return {
    states: statesOf(options.state),
    ...(options.severity && { severity: SEVERITIES[options.severity] }),
    ...(options.trend && { trend: TRENDS[options.trend] }),
    supplierId: options.supplier ?? "",
    isoWeek: options.week ?? "",
    ruleId: options.rule ?? "",
    modelName: options.model ?? "",
    owner: options.owner ?? "",
    region: options.region ?? "",
    category: options.category ?? "",
    text: options.text ?? "",
    watchlistId: await watchlistIdOf(context, options),
    ownership: options.mine
      ? AlertOwnership.MINE
      : options.unowned
        ? AlertOwnership.NOBODY
        : AlertOwnership.UNSPECIFIED,
    snoozed: options.snoozed
      ? AlertSnoozeFilter.SNOOZED
      : options.awake
        ? AlertSnoozeFilter.AWAKE
        : AlertSnoozeFilter.UNSPECIFIED,
    order: ORDERS[options.order],
  };
}

const WATCHLISTS_TIMEOUT_MS = 10_000;

/** Returns the id of a list. Only a name is looked up. */
async function watchlistIdOf(
  context: CliContext,
  { watchlist, ops: url }: FilterOptions & OpsOptions,
): Promise<string> {
  if (watchlist === undefined) return "";
  if (UUID_PATTERN.test(watchlist.toLowerCase())) return watchlist.toLowerCase();
  using lists = openOps(context, url, WatchlistService);
  return (await findWatchlist(lists, watchlist, WATCHLISTS_TIMEOUT_MS)).watchlistId;
}

function statesOf(names: readonly string[] = []): AlertState[] {
  if (names.includes("all")) return Object.values(STATES);
  return Object.entries(STATES).flatMap(([name, state]) => (names.includes(name) ? [state] : []));
}
