import { type Delegation, DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { timeText } from "../alerts/alert-json.ts";
import type { CliContext } from "../context/cli-context.ts";
import { MAX_ABSENCE_REASON_BYTES, reasonUpTo } from "../input/parse-option.ts";
import { dayOrTime } from "../input/parse-time.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

const TIMEOUT_MS = 10_000;

interface SetOptions extends OpsOptions {
  readonly deputy: string;
  readonly from?: Date;
  readonly until: Date;
  readonly reason: string;
  readonly owner?: string;
}

/** `bellwether delegation` */
export function delegationCommand(context: CliContext): Command {
  const set = withOps(new Command("set"))
    .description("Hand your alerts to a deputy for some time. The owner of the alerts does not change.")
    .requiredOption("--deputy <name>", "the deputy, as alerts show owners (required)")
    .option("--from <time>", "first time of the delegation, a time with its time zone (default: now)", dayOrTime)
    .requiredOption(
      "--until <time>",
      "end of the delegation: a day (until 23:59:59 UTC), or a time with its time zone; at most delegations.max_days of the risk policy after the start, 90 days by default (required)",
      dayOrTime,
    )
    .requiredOption(
      "--reason <text>",
      "why you are away, 1 to 512 bytes in UTF-8; others see it (required)",
      reasonUpTo(MAX_ABSENCE_REASON_BYTES),
    )
    .option("--owner <name>", "owner of the alerts; another person's alerts need the role admin (default: you)")
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether delegation set --deputy 'Bo Berg (bo)' --until 2026-12-31 --reason 'on leave'",
    )
    .action(async (options: SetOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, DelegationService);
      const request = {
        ...{ deputy: options.deputy, owner: options.owner ?? "", reason: options.reason },
        ...(options.from && { startsAt: timestampFromDate(options.from) }),
        endsAt: timestampFromDate(options.until),
      };
      const answer = await ops.answer(ops.client.setDelegation(request, { timeoutMs: TIMEOUT_MS }));
      const { delegation, hiddenAlerts, hiddenSupplierIds, deputyScopeKnown, notHandedOn } = answer;
      if (!delegation) return;
      report.line(delegationLine(delegation));
      if (!deputyScopeKnown)
        report.line(
          `${printable(delegation.deputy)} is not signed in: it is not known which of the alerts the deputy sees`,
        );
      if (hiddenAlerts > 0)
        report.line(
          `not visible to ${printable(delegation.deputy)}: ${countText(hiddenAlerts, "alert")}, of the suppliers ${hiddenSupplierIds.map(printable).join(", ")}`,
        );
      if (notHandedOn.length > 0)
        report.line(
          `not handed on: the alerts of ${notHandedOn.map(printable).join(", ")}, whose deputy is ${printable(delegation.owner)}`,
        );
      report.json({
        ...delegationJson(delegation),
        ...{ deputy_scope_known: deputyScopeKnown, hidden_alerts: hiddenAlerts },
        ...{ hidden_supplier_ids: hiddenSupplierIds, not_handed_on: notHandedOn },
      });
    });

  const list = withOps(new Command("list"))
    .description("List delegations, the latest end first.")
    .option("--person <name>", "only delegations in which this person is the owner or the deputy")
    .option("--all", "also list delegations that have ended")
    .addHelpText("after", "\nExample:\n  npx bellwether delegation list --all")
    .action(async (options: OpsOptions & { readonly person?: string; readonly all?: boolean }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, DelegationService);
      const request = { person: options.person ?? "", includeEnded: options.all ?? false };
      const { delegations, truncated } = await ops.answer(
        ops.client.listDelegations(request, { timeoutMs: TIMEOUT_MS }),
      );
      for (const delegation of delegations) report.line(delegationLine(delegation));
      if (delegations.length === 0) report.line("nobody has handed over alerts");
      if (truncated)
        report.line(`only ${delegations.length} delegations are listed; --person lists those of one person`);
      report.json({ delegations: delegations.map(delegationJson), truncated });
    });

  const end = withOps(new Command("end"))
    .description("End a delegation now. Its owner, its deputy and administrators can end it.")
    .argument("<id>", "id of the delegation, as delegation list shows it")
    .addHelpText("after", "\nExample:\n  npx bellwether delegation end 0190f3c0-0000-7000-8000-000000000001")
    .action(async (delegationId: string, options: OpsOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, DelegationService);
      const { delegation } = await ops.answer(ops.client.endDelegation({ delegationId }, { timeoutMs: TIMEOUT_MS }));
      if (!delegation) return;
      report.line(`ended: ${delegationLine(delegation)}`);
      report.json(delegationJson(delegation));
    });

  const command = new Command("delegation").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. See docs/delegation.md.\n" +
      "\nExamples:\n  npx bellwether delegation set --deputy 'Bo Berg (bo)' --until 2026-12-31 --reason 'on leave'\n  npx bellwether delegation list",
  );
  for (const one of [set, list, end]) command.addCommand(one);
  return command;
}

function delegationJson(made: Delegation) {
  return {
    delegation_id: made.delegationId,
    owner: made.owner,
    deputy: made.deputy,
    starts_at: timeText(made.startsAt),
    ends_at: timeText(made.endsAt),
    reason: made.reason,
    created_by: made.createdBy,
    created_at: timeText(made.createdAt),
    ended_at: timeText(made.endedAt),
    ended_by: made.endedBy || null,
  };
}

function delegationLine(made: Delegation): string {
  const { delegation_id, starts_at, ends_at, ended_at, ended_by } = delegationJson(made);
  const ended = ended_at === null ? "" : `, ended ${ended_at} by ${printable(ended_by ?? "")}`;
  return `${delegation_id}  ${printable(made.deputy)} for ${printable(made.owner)}  ${starts_at} to ${ends_at}${ended}  ${printable(made.reason)}`;
}
