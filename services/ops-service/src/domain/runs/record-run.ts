import type { Run } from "../scores/run.ts";
import type { RunLedger } from "./run-ledger.ts";

/** Maximum number of checks of a run in an audit event. */
export const MAX_RECORDED_CHECKS = 20;

/** Appends the audit event of a decision about a run, or of what became of it. */
export function recordRun(
  ledger: Pick<RunLedger, "appendAudit">,
  { id, isoWeek, modelName, revision }: Run,
  { kind, actor, ...more }: { readonly kind: string; readonly actor: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const payload = JSON.stringify({ isoWeek, modelName, revision, ...more });
  return ledger.appendAudit({ kind, actor, subject: `run/${id}`, payload });
}
