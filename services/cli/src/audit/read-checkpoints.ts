import { readFile } from "node:fs/promises";
import {
  type AuditCheckpoint,
  CheckpointError,
  type CheckpointKey,
  checkpointKeys,
  parseCheckpoint,
  verifyCheckpoint,
} from "@bellwether/contract/audit/checkpoint";
import { UsageError } from "../errors/usage-error.ts";

/** Names under which other texts have a checkpoint: a line of the log of ops-service, and the report of a week. */
const MEMBERS = ["checkpoint", "audit_checkpoint"] as const;
const MARK = "bellwether_audit_checkpoint";

/**
 * Reads the checkpoints of a file: lines of JSON, a log of ops-service, or the JSON report of a week.
 * @throws UsageError when the file has no checkpoint, or when an entry is not a valid checkpoint
 */
export async function readCheckpoints(file: string): Promise<AuditCheckpoint[]> {
  const text = await readText(file, "--checkpoint");
  const whole = parsed(text);
  const values = whole === undefined ? text.split("\n").map(parsed) : [whole];
  try {
    const found = values.flatMap((value, i) =>
      checkpointsIn(value).map((one) => parseCheckpoint(one, `${file}:${i + 1}`)),
    );
    if (found.length > 0) return found;
  } catch (error) {
    throw asUsage(error);
  }
  throw new UsageError(
    `--checkpoint: ${file} has no checkpoint; expected lines of JSON with "${MARK}", a log of ops-service, or the JSON report of a week`,
  );
}

/** Reads public keys. @throws UsageError */
export async function readPublicKeys(file: string): Promise<CheckpointKey[]> {
  try {
    return checkpointKeys(await readText(file, "--public-key"), file);
  } catch (error) {
    throw asUsage(error);
  }
}

/** @throws UsageError for the first checkpoint that no key has signed */
export function checkSignatures(checkpoints: readonly AuditCheckpoint[], keys: readonly CheckpointKey[]): void {
  try {
    for (const checkpoint of checkpoints) verifyCheckpoint(checkpoint, keys);
  } catch (error) {
    throw asUsage(error);
  }
}

function checkpointsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (MARK in value) return [JSON.stringify(value)];
  return MEMBERS.flatMap((name) => {
    const member: unknown = Reflect.get(value, name);
    if (typeof member === "string" && member.includes(MARK)) return [member];
    return typeof member === "object" && member !== null && MARK in member ? [JSON.stringify(member)] : [];
  });
}

/** Undefined: no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText(file: string, option: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${option}: ${file} cannot be read: ${cause.code ?? cause.message}`, { cause });
  });
}

function asUsage(error: unknown): unknown {
  return error instanceof CheckpointError ? new UsageError(error.message, { cause: error }) : error;
}
