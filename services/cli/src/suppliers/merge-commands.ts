import {
  type GetSupplierIdentityResponse,
  type ListDuplicatesResponse,
  SupplierMergeService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { reason, wholeNumber } from "../input/parse-option.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { JSON_FLAG, OPS_FLAG } from "../remote/shared-options.ts";
import { evidenceText, mergeJson, proposalJson, proposalLines } from "./merge-text.ts";

type MergeClient = OpsClient<typeof SupplierMergeService>;

const REASON_HELP = "reason, 1 to 2,000 bytes in UTF-8; the audit log records it";
/** Maximum number of possible duplicates that the command lists. */
const MAX_LISTED = 10_000;
const PAGE = 50;

const identityOf = ({ client, answer }: MergeClient, supplierId: string): Promise<GetSupplierIdentityResponse> =>
  answer(client.getSupplierIdentity({ supplierId }));

const versionOf = ({ supplier }: Pick<GetSupplierIdentityResponse, "supplier">): string => supplier?.version ?? "";

/** `bellwether suppliers duplicates` */
export function duplicatesCommand(context: CliContext): Command {
  return new Command("duplicates")
    .description(
      "List pairs of suppliers that are possibly the same company, with the evidence: the same identifier, or a similar name together with the same region or category. Nothing is merged automatically.",
    )
    .option("--supplier <supplier-id>", "only pairs with this supplier")
    .option("--limit <count>", `maximum number of pairs, 1 to ${MAX_LISTED}`, wholeNumber(1, MAX_LISTED), 100)
    .option("--dismissed", "also list pairs that were dismissed")
    .option(
      "--dismiss <supplier-ids...>",
      "record that two suppliers are not the same company; the pair is not listed until their data change",
    )
    .option("--reason <text>", `${REASON_HELP} (required with --dismiss)`, reason)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether suppliers duplicates" +
        "\n  npx bellwether suppliers duplicates --dismiss S_00001 S_00077 --reason 'two branches with contracts of their own'",
    )
    .action(async (options) => {
      using client = openOps(context, options.ops, SupplierMergeService);
      if (options.dismiss) await dismiss(client, options.dismiss, options);
      else if (options.reason !== undefined) throw new UsageError("--reason is only for --dismiss");
      else await list(client, options);
    });
}

interface ListOptions {
  readonly supplier?: string;
  readonly limit: number;
  readonly dismissed?: boolean;
  readonly json?: boolean;
}

async function list({ client, answer }: MergeClient, options: ListOptions): Promise<void> {
  const report = createReport(options);
  const found = [];
  let notCompared = 0;
  let pageToken = "";
  do {
    const page: ListDuplicatesResponse = await answer(
      client.listDuplicates({
        ...{ pageToken, supplierId: options.supplier ?? "", includeDismissed: options.dismissed ?? false },
        pageSize: Math.min(PAGE, options.limit - found.length),
      }),
    );
    found.push(...page.proposals);
    notCompared += page.notCompared;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && found.length < options.limit);
  for (const proposal of found) for (const line of proposalLines(proposal)) report.line(line);
  if (found.length === 0) report.line("no possible duplicate found");
  const isTruncated = pageToken !== "";
  if (isTruncated) report.line(`there can be more; only ${countText(found.length, "pair")} listed (--limit)`);
  if (notCompared > 0)
    report.line(`${countText(notCompared, "supplier")} not compared, because too many have the same evidence`);
  report.json({ duplicates: found.map(proposalJson), truncated: isTruncated, not_compared: notCompared });
}

async function dismiss(
  client: MergeClient,
  supplierIds: readonly string[],
  options: { readonly reason?: string; readonly json?: boolean },
): Promise<void> {
  const report = createReport(options);
  const [firstId, secondId, ...others] = supplierIds;
  if (firstId === undefined || secondId === undefined || others.length > 0)
    throw new UsageError("--dismiss needs two supplier ids");
  if (options.reason === undefined) throw new UsageError("--dismiss needs --reason");
  const [first, second] = [await identityOf(client, firstId), await identityOf(client, secondId)];
  const { repeatedRequest } = await client.answer(
    client.client.dismissDuplicate({
      ...{ firstId, secondId, firstVersion: versionOf(first), secondVersion: versionOf(second) },
      reason: options.reason,
    }),
  );
  const isEarlier = repeatedRequest ? " already" : "";
  report.line(`${printable(firstId)} and ${printable(secondId)} are${isEarlier} dismissed as duplicates`);
  report.json({ first_id: firstId, second_id: secondId, repeated: repeatedRequest });
}

/** `bellwether suppliers merge` */
export function mergeCommand(context: CliContext): Command {
  return new Command("merge")
    .description(
      "Merge a supplier into another that is the same company. Lists and searches then show the survivor. Scores and alerts do not change, and `suppliers unmerge` undoes the merge.",
    )
    .argument("<survivor>", "id of the supplier that is shown from now on")
    .argument("<merged>", "id of the supplier that is merged into it")
    .option("--reason <text>", `${REASON_HELP} (required if the suppliers have no identifier in common)`, reason)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether suppliers merge S_00001 S_00077" +
        "\n  npx bellwether suppliers merge S_00001 S_00077 --reason 'renamed in May; letter of the supplier'",
    )
    .action(async (survivorId, mergedId, options) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, SupplierMergeService);
      const [survivor, merged] = [await identityOf(client, survivorId), await identityOf(client, mergedId)];
      const { merge, repeatedRequest } = await client.answer(
        client.client.mergeSuppliers({
          ...{ survivorId, mergedId, survivorVersion: versionOf(survivor), mergedVersion: versionOf(merged) },
          reason: options.reason ?? "",
        }),
      );
      if (!merge) throw new Error("ops-service answered without a merge");
      const isEarlier = repeatedRequest ? " already" : "";
      report.line(`${printable(mergedId)} is${isEarlier} merged into ${printable(survivorId)}`);
      report.line(`  evidence: ${evidenceText(merge.evidence)}`);
      report.json({ ...mergeJson(merge), repeated: repeatedRequest });
    });
}

/** `bellwether suppliers unmerge` */
export function unmergeCommand(context: CliContext): Command {
  return new Command("unmerge")
    .description("Undo the merge of a supplier: both suppliers are shown apart again. Scores and alerts do not change.")
    .argument("<merged>", "id of the supplier that was merged into another")
    .requiredOption("--reason <text>", `${REASON_HELP} (required)`, reason)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether suppliers unmerge S_00077 --reason 'another company of that name'",
    )
    .action(async (mergedId, options) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, SupplierMergeService);
      const { supplier, merges } = await identityOf(client, mergedId);
      const active = merges.find((merge) => merge.mergedId === mergedId && !merge.undoneAt);
      if (!active || supplier?.mergedInto === "")
        throw new UsageError(`${printable(mergedId)} is not merged into another supplier`);
      const { mergeId } = active;
      const { merge } = await client.answer(client.client.undoMerge({ mergeId, reason: options.reason }));
      if (!merge) throw new Error("ops-service answered without a merge");
      report.line(`${printable(mergedId)} is separate from ${printable(merge.survivorId)} again`);
      report.json(mergeJson(merge));
    });
}
