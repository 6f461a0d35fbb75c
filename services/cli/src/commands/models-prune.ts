import type { AuditRecord } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { aliasHistory } from "@bellwether/registry/aliases/alias-history";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { listVersions } from "@bellwether/registry/versions/read-version";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";
import { MAX_MODEL_REASON_BYTES, reasonUpTo, wholeNumber } from "../input/parse-option.ts";
import { decideVersions } from "../models/unneeded-versions.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { openPeer } from "../remote/peer-client.ts";
import { SCHEDULER_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, MODEL_FLAG, OPS_FLAG, SCHEDULER_FLAG } from "../remote/shared-options.ts";

/** Kinds of events whose payload names the version that computed the answer. */
const KINDS = ["prediction.served", "explanation.served", "counterfactual.served", "batch.served"] as const;
const PAGE_SIZE = 500;
const TIMEOUT_MS = 60_000;

const HELP =
  "\nA version is kept in each of these cases:" +
  "\n- An alias points to the version, or has pointed to it within the number of days of --older-than." +
  "\n- The version was published within the number of days of --older-than." +
  "\n- The version is one of the newest versions (--keep)." +
  "\n- The version has scored a run." +
  "\n- An event of the audit log names the version: without the version, the decision in the event cannot be computed again." +
  "\nA removal needs the role admin. The audit log records each removal (kind model.version_removed)." +
  "\n\nExample:\n  npx bellwether models prune --older-than 180";

/** `bellwether models prune` */
export function pruneCommand(context: CliContext): Command {
  return new Command("prune")
    .description(
      "Remove versions that no alias, no run and no event of the audit log needs. Without --yes, the command only lists them.",
    )
    .option(...MODEL_FLAG)
    .option(
      "--older-than <days>",
      "remove only versions that were published at least this number of days ago, and that no alias has pointed to since then",
      wholeNumber(0, 36_500),
      90,
    )
    .option("--keep <count>", "number of newest versions that are kept", wholeNumber(0, 100_000), 5)
    .option("--yes", "remove the listed versions")
    .option(
      "--reason <text>",
      "reason, 1 to 500 bytes in UTF-8; the audit log records it",
      reasonUpTo(MAX_MODEL_REASON_BYTES),
      "not needed any more",
    )
    .option(...SCHEDULER_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", HELP)
    .action(async (options) => {
      const report = createReport(options);
      const modelName = options.model ?? defaultModel(context);
      const registry = registryOf(context);
      const aliases = await readAliases(registry, modelName);
      const decided = decideVersions(
        await listVersions(registry, modelName),
        new Map(aliases.aliases.map(({ name, version }) => [name, version])),
        aliasHistory(aliases),
        { keepNewest: options.keep, olderThanDays: options.olderThan },
        new Date(),
      );
      using scheduler = openPeer(context, SCHEDULER_PEER, options.scheduler, ModelPublishingService);
      using ops = openOps(context, options.ops, AuditService);
      const named = await versionsInAuditLog(
        ops,
        modelName,
        decided.filter(({ keptBecause }) => keptBecause === null),
      );
      const results: { version: string; published_at: string; kept_because: string | null; is_removed: boolean }[] = [];
      for (const { version, publishedAt, keptBecause } of decided) {
        const early = keptBecause ?? (named.has(version) ? "an event of the audit log names it" : null);
        const late = early === null ? await remove(version) : { keptBecause: early, isRemoved: false };
        results.push({
          version,
          published_at: publishedAt,
          kept_because: late.keptBecause,
          is_removed: late.isRemoved,
        });
      }
      for (const { version, published_at, kept_because, is_removed } of results) {
        const outcome = kept_because === null ? (is_removed ? "removed" : "would be removed") : `kept: ${kept_because}`;
        report.line(`${version.padEnd(6)} ${published_at}  ${outcome}`);
      }
      const free = results.filter(({ kept_because }) => kept_because === null).length;
      if (!options.yes && free > 0)
        report.line(`${countText(free, "version")} would be removed; run the command again with --yes`);
      report.json({ model: modelName, dry_run: options.yes !== true, versions: results });

      async function remove(version: string): Promise<{ keptBecause: string | null; isRemoved: boolean }> {
        const request = { modelName, version, reason: options.reason, dryRun: options.yes !== true };
        try {
          const { isRemoved } = await scheduler.client.removeVersion(request, { timeoutMs: TIMEOUT_MS });
          return { keptBecause: null, isRemoved };
        } catch (error) {
          const known = ConnectError.from(error);
          if (known.code !== Code.FailedPrecondition) return await scheduler.answer(Promise.reject(error));
          return { keptBecause: known.rawMessage, isRemoved: false };
        }
      }
    });
}

/** Returns the versions that an event of the audit log names. Reads the events since the oldest version was published. */
async function versionsInAuditLog(
  ops: ReturnType<typeof openOps<typeof AuditService>>,
  modelName: string,
  versions: readonly { readonly version: string; readonly publishedAt: string }[],
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  if (versions.length === 0) return named;
  const oldest = new Date(Math.min(...versions.map(({ publishedAt }) => Date.parse(publishedAt))));
  for (const kind of KINDS)
    for (let pageToken = ""; ; ) {
      const query = { kind, pageSize: PAGE_SIZE, pageToken, occurredFrom: timestampFromDate(oldest) };
      const { records, nextPageToken } = await ops.answer(ops.client.queryEvents(query, { timeoutMs: TIMEOUT_MS }));
      for (const record of records) for (const version of versionsOf(record, modelName)) named.add(version);
      pageToken = nextPageToken;
      if (pageToken === "" || versions.every(({ version }) => named.has(version))) break;
    }
  return named;
}

/** Returns the versions of a model that the payload of an event names, at any depth. */
function versionsOf({ event }: AuditRecord, modelName: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("name" in value && "version" in value && value.name === modelName && typeof value.version === "string")
      found.push(value.version);
    for (const inner of Object.values(value)) visit(inner);
  };
  if (event !== undefined && event.payloadJson !== "") visit(JSON.parse(event.payloadJson));
  return found;
}
