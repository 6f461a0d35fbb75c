import path from "node:path";
import {
  type AuditCheckpoint,
  CheckpointError,
  type CheckpointKey,
  checkpointText,
  verifyCheckpoint,
} from "@bellwether/contract/audit/checkpoint";
import { ExportFormError, verifyExport } from "@bellwether/contract/audit/export-records";
import type { BrokenRecord } from "@bellwether/contract/audit/verify-records";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import { erasuresCommand } from "../audit/erasures-command.ts";
import { EXPORT_ENDINGS, EXPORT_TYPES, exportLog, partialOf } from "../audit/export-file.ts";
import { checkSignatures, readCheckpoints, readPublicKeys } from "../audit/read-checkpoints.ts";
import { readExport } from "../audit/read-export.ts";
import { checkpointFromProto, recordFromProto } from "../audit/record-from-proto.ts";
import { replayCommand } from "../audit/replay-command.ts";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { reason } from "../input/parse-option.ts";
import { printable } from "../output/printable.ts";
import { createReport, type Report, showProgress } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

const TIMEOUT_MS = 10_000;
const VERIFY_TIMEOUT_MS = 600_000;
const PAGE_SIZE = 500;
/** The limit of VerifyChainRequest. */
const MAX_CHECKPOINTS = 64;

interface VerifyOptions extends OpsOptions {
  readonly checkpoint?: readonly string[];
  readonly publicKey?: string;
  readonly incremental?: boolean;
}

/** `bellwether audit` */
export function auditCommand(context: CliContext): Command {
  const audit = new Command("audit").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The token or API key needs the role admin. audit verify with a\nfile calls no service and needs no token.\n" +
      "\nExamples:\n  npx bellwether audit key > audit-key.pem\n  npx bellwether audit checkpoints > checkpoints.jsonl\n  npx bellwether audit verify --checkpoint checkpoints.jsonl" +
      "\n  npx bellwether audit export log.jsonl\n  npx bellwether audit verify log.jsonl --checkpoint checkpoints.jsonl --public-key audit-key.pem" +
      "\n  npx bellwether audit replay 0197c0de-0000-7000-8000-000000000000\n  npx bellwether audit replay --run 2026-W47",
  );
  const commands = [
    verifyCommand,
    exportCommand,
    checkpointsCommand,
    keyCommand,
    eraseCommand,
    erasuresCommand,
    replayCommand,
  ];
  for (const command of commands) audit.addCommand(command(context));
  return audit;
}

function verifyCommand(context: CliContext): Command {
  return withOps(new Command("verify"))
    .description(
      "Verify that no record of the audit log was changed, removed or inserted, and that the end was not cut off. Without a file, ops-service verifies its log. With a file, the command verifies that export itself and calls no service.",
    )
    .argument("[file]", "export of the audit log: .jsonl, .csv or .parquet")
    .option(
      "--checkpoint <file...>",
      "files with checkpoints that you have kept outside ops-service: lines of JSON, the log output of ops-service, or the JSON report of a week",
    )
    .option("--public-key <file>", "public keys of the audit log (PEM); required if a file and --checkpoint are given")
    .option(
      "--incremental",
      "verify only what was recorded since the newest checkpoint of the log, or since the last verification by ops-service: changes of older records are not found",
    )
    .addHelpText(
      "after",
      "\nExit code 1: the log or the file was changed; the first wrong record is named.\n\nExamples:\n  npx bellwether audit verify --checkpoint checkpoints.jsonl" +
        "\n  npx bellwether audit verify log.jsonl --checkpoint checkpoints.jsonl --public-key audit-key.pem",
    )
    .action(async (file: string | undefined, options: VerifyOptions) => {
      if (options.incremental && (file !== undefined || options.checkpoint))
        throw new UsageError("--incremental verifies the log of ops-service without --checkpoint and without a file");
      const resolved = (options.checkpoint ?? []).map((one) => path.resolve(context.cwd, one));
      const checkpoints = (await Promise.all(resolved.map(readCheckpoints))).flat();
      const keys = options.publicKey ? await readPublicKeys(path.resolve(context.cwd, options.publicKey)) : null;
      if (keys) checkSignatures(checkpoints, keys);
      if (file === undefined) return await verifyServer(context, options, checkpoints);
      if (checkpoints.length > 0 && !keys)
        throw new UsageError(
          "--checkpoint needs --public-key with a file: without the public key, anybody could have written the checkpoint",
        );
      await verifyFile(path.resolve(context.cwd, file), { checkpoints, keys }, createReport(options));
    });
}

async function verifyServer(
  context: CliContext,
  options: VerifyOptions,
  checkpoints: readonly AuditCheckpoint[],
): Promise<void> {
  // The newest ones: each covers all records before it.
  const sent = checkpoints.toSorted((a, b) => b.sequence - a.sequence).slice(0, MAX_CHECKPOINTS);
  const report = createReport(options);
  using ops = openOps(context, options.ops, AuditService);
  const request = { checkpoints: sent.map(checkpointText), incremental: options.incremental ?? false };
  const result = await ops.answer(ops.client.verifyChain(request, { timeoutMs: VERIFY_TIMEOUT_MS }));
  const { firstBrokenSequence: sequence, firstBrokenEventId: eventId, firstBrokenReason } = result;
  const broken =
    sequence === undefined ? null : { sequence: Number(sequence), eventId: eventId || null, reason: firstBrokenReason };
  const newest = result.newestCheckpoint && checkpointFromProto(result.newestCheckpoint);
  if (!broken)
    report.line(
      `the log holds: ${countText(Number(result.records - result.verifiedAfter), "record")} verified, up to ${result.records}${result.verifiedAfter > 0n ? `, after ${result.verifiedAfter}` : ""}; ${countText(Number(result.erasedPayloads), "erased payload")}; ${countText(result.checkpoints, "checkpoint")} compared`,
    );
  report.line(`last verified hash: ${result.headHash}`);
  if (newest) report.line(`newest checkpoint: record ${newest.sequence}, ${newest.createdAt}, key ${newest.keyId}`);
  if (result.rewritableReason !== "")
    report.line(`the log can be rewritten by ops-service: ${result.rewritableReason}`);
  report.json({
    ...{ holds: result.holds, records: Number(result.records), verified_after: Number(result.verifiedAfter) },
    ...{ head_hash: result.headHash, erased_payloads: Number(result.erasedPayloads), checkpoints: result.checkpoints },
    ...{ first_broken: brokenJson(broken), rewritable_reason: result.rewritableReason || null },
    newest_checkpoint: newest ? JSON.parse(checkpointText(newest)) : null,
  });
  if (broken) throw new ReportedError(brokenLine(broken));
}

async function verifyFile(
  file: string,
  {
    checkpoints,
    keys,
  }: {
    readonly checkpoints: readonly AuditCheckpoint[];
    readonly keys: readonly CheckpointKey[] | null;
  },
  report: Report,
): Promise<void> {
  try {
    const result = await verifyExport(readExport(file), checkpoints, (checkpoint) => {
      if (keys) verifyCheckpoint(checkpoint, keys);
    });
    const { broken, head, records, erasedPayloads, ownCheckpoint } = result;
    const own = keys && ownCheckpoint ? 1 : 0;
    const compared = result.checkpoints + own;
    if (!broken)
      report.line(
        `the file holds: ${countText(records, "record")} verified; ${countText(erasedPayloads, "erased payload")}; ${countText(compared, "signed checkpoint")} compared${own > 0 ? ", one of them from the file itself" : ""}`,
      );
    report.line(`last verified hash: ${head.hash}`);
    if (!broken && compared === 0)
      report.line(
        "no signed checkpoint was compared: the records of the file match each other, but somebody could have rewritten all of them; give --public-key and --checkpoint",
      );
    report.json({
      ...{ holds: broken === null, records, head_hash: head.hash, erased_payloads: erasedPayloads },
      ...{ checkpoints: compared, first_broken: brokenJson(broken) },
    });
    if (broken) throw new ReportedError(brokenLine(broken));
  } catch (error) {
    if (error instanceof ExportFormError || error instanceof CheckpointError)
      throw new Error(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function exportCommand(context: CliContext): Command {
  return withOps(new Command("export"))
    .description(
      "Write the whole audit log to a file, in the order in which the records were stored. The file has everything that verify needs. An interrupted export continues where it stopped.",
    )
    .argument("<file>", `file to write; the ending selects the format: ${EXPORT_ENDINGS.join(", ")}`)
    .addHelpText(
      "after",
      "\nUntil the export is complete, it is in FILE.partial. The last row has the number of records and the newest checkpoint, so verify detects a file whose end is missing.\n\nExamples:\n  npx bellwether audit export log.jsonl\n  npx bellwether audit export log.parquet",
    )
    .action(async (file: string, options: OpsOptions) => {
      const target = path.resolve(context.cwd, file);
      const ending = EXPORT_ENDINGS.find((one) => target.endsWith(one));
      if (!ending)
        throw new UsageError(`FILE: the name ends in one of ${EXPORT_ENDINGS.join(", ")}, for example log.jsonl`);
      await checkTargetFile("FILE", target);
      const report = createReport(options);
      using ops = openOps(context, options.ops, AuditService);
      const { convertLines } =
        ending === ".jsonl" ? { convertLines: undefined } : await import("@bellwether/ingest/tables/convert-lines");
      const { records, head, continued } = await exportLog(
        target,
        {
          recordsAfter: async (sequence) => {
            const request = { afterSequence: BigInt(sequence), pageSize: PAGE_SIZE };
            const page = await ops.answer(ops.client.queryEvents(request, { timeoutMs: TIMEOUT_MS }));
            return page.records.map(recordFromProto);
          },
          newestCheckpoint: async () => {
            const page = await ops.answer(ops.client.listCheckpoints({ pageSize: 1 }, { timeoutMs: TIMEOUT_MS }));
            const [newest] = page.checkpoints;
            return newest ? checkpointFromProto(newest) : null;
          },
        },
        (done, total) => showProgress("exporting", done, total),
        convertLines && ((lines, to) => convertLines(lines, to, EXPORT_TYPES)),
      );
      report.line(
        `${countText(records, "record")} written to ${target}${continued > 0 ? `, ${continued} of them before, from ${partialOf(target)}` : ""}; one row more, the last, says that the file is whole`,
      );
      report.line(`last hash: ${head.hash}`);
      report.json({ file: target, records, continued, last_sequence: head.sequence, last_hash: head.hash });
    });
}

function checkpointsCommand(context: CliContext): Command {
  return withOps(new Command("checkpoints"))
    .description(
      "Print the newest checkpoints of the audit log, one line of JSON each. Keep them in a place that users of the database cannot write to.",
    )
    .addHelpText("after", "\nExample:\n  npx bellwether audit checkpoints > checkpoints.jsonl")
    .action(async (options: OpsOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, AuditService);
      const page = await ops.answer(
        ops.client.listCheckpoints({ pageSize: MAX_CHECKPOINTS }, { timeoutMs: TIMEOUT_MS }),
      );
      const texts = page.checkpoints.map((one) => checkpointText(checkpointFromProto(one)));
      for (const text of texts) report.line(text);
      report.json({ checkpoints: texts.map((text) => JSON.parse(text)) });
    });
}

function keyCommand(context: CliContext): Command {
  return withOps(new Command("key"))
    .description("Print the public key with which checkpoints of the audit log are verified (PEM).")
    .addHelpText("after", "\nExample:\n  npx bellwether audit key > audit-key.pem")
    .action(async (options: OpsOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, AuditService);
      const { publicKey } = await ops.answer(ops.client.listCheckpoints({ pageSize: 1 }, { timeoutMs: TIMEOUT_MS }));
      if (publicKey === "") throw new Error("this ops-service signs no checkpoints");
      report.lines(publicKey.trimEnd());
      report.json({ public_key: publicKey });
    });
}

function eraseCommand(context: CliContext): Command {
  return withOps(new Command("erase"))
    .description(
      "Erase the texts about a supplier and the suppliers that are merged with it: payloads of their events, notes of their alerts and outcomes, their names also in other texts, and their texts in reports and notices. Ids, scores and decisions stay, and the audit log can still be verified.",
    )
    .argument("<supplier>", "id of the supplier")
    .requiredOption("--reason <text>", "reason, 1 to 2,000 bytes in UTF-8; the audit log records it (required)", reason)
    .addHelpText("after", "\nExample:\n  npx bellwether audit erase SUPP_00042 --reason 'request of 2026-11-20'")
    .action(async (supplierId: string, options: OpsOptions & { readonly reason: string }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, AuditService);
      const request = { supplierId, reason: options.reason };
      const erased = await ops.answer(ops.client.eraseSubject(request, { timeoutMs: VERIFY_TIMEOUT_MS }));
      const counts = {
        payloads: Number(erased.payloads),
        notes: Number(erased.notes),
        reports: Number(erased.reports),
        notices: Number(erased.notices),
        outcome_notes: Number(erased.outcomeNotes),
        override_reasons: Number(erased.overrideReasons),
        named_texts: Number(erased.namedTexts),
      };
      report.line(
        `erased: ${countText(counts.payloads, "payload")}, ${countText(counts.notes, "note")}, ${erased.name ? "the name" : "no name"}, texts in ${countText(counts.reports, "report")} and ${countText(counts.notices, "notice")}, ${countText(counts.outcome_notes, "note")} of outcomes, ${countText(counts.override_reasons, "reason")} of overrides, the name in ${countText(counts.named_texts, "other text")}`,
      );
      if (erased.mergedSupplierIds.length > 0)
        report.line(`also erased, as the same company: ${erased.mergedSupplierIds.map(printable).join(", ")}`);
      for (const line of erased.pending) report.line(`pending: ${line}`);
      for (const line of erased.notErased) report.line(`not erased: ${line}`);
      report.json({
        supplier_id: supplierId,
        ...counts,
        name: erased.name,
        merged_supplier_ids: erased.mergedSupplierIds,
        pending: erased.pending,
        not_erased: erased.notErased,
      });
    });
}

function brokenLine({ sequence, eventId, reason }: BrokenRecord): string {
  return `the log was changed at record ${sequence}${eventId === null ? "" : ` (event ${eventId})`}: ${reason}`;
}

const brokenJson = (broken: BrokenRecord | null) =>
  broken && { sequence: broken.sequence, event_id: broken.eventId, reason: broken.reason };
