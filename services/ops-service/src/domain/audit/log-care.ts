import {
  type AuditCheckpoint,
  CheckpointError,
  type CheckpointSigner,
  verifyCheckpoint,
} from "@bellwether/contract/audit/checkpoint";
import { type AuditHead, EMPTY_CHAIN } from "@bellwether/contract/audit/record-hash";
import type { BrokenRecord } from "@bellwether/contract/audit/verify-records";
import { type ChainReader, type ChainVerification, verifyChain } from "./verify-chain.ts";

/** Dependencies of the care for the log. */
export interface LogCarePorts extends ChainReader {
  /** Undefined: no checkpoints are signed. */
  readonly signer?: CheckpointSigner;
  /** Number of new records after which a checkpoint is signed. */
  readonly checkpointEvents: number;
  /** Lists checkpoints, newest first. @param before undefined: from the newest one on */
  readonly listCheckpoints: (before: number | undefined, limit: number) => Promise<readonly AuditCheckpoint[]>;
  readonly storeCheckpoint: (checkpoint: AuditCheckpoint) => Promise<void>;
  /** Writes a checkpoint to where nobody who has only the database can change it. Never throws. */
  readonly publishCheckpoint: (checkpoint: AuditCheckpoint) => Promise<void>;
  readonly now: () => Date;
}

/** Verifies the log and signs checkpoints of what was verified. */
export interface LogCare {
  /**
   * Verifies what was recorded since the last verification, and signs a checkpoint when enough records are new.
   * @param options.sign also when few records are new
   */
  check(signal: AbortSignal, options?: { readonly sign?: boolean }): Promise<ChainVerification>;
  /** Verifies the whole log and all stored checkpoints. @param given further checkpoints with verified signatures */
  verifyAll(signal: AbortSignal, given?: readonly AuditCheckpoint[]): Promise<ChainVerification>;
  /** The last checkpoint that this process has signed or found. Null: none. */
  readonly newest: AuditCheckpoint | null;
}

const CHECKPOINT_PAGE = 1_000;
/** The newest checkpoints with which the whole log is compared. */
const MAX_CHECKPOINTS = 20_000;
/** Checkpoints among which the newest one of this key is looked for. */
const RECENT = 100;

/** Creates the care for the log. One verification of new records runs at a time. */
export function createLogCare(ports: LogCarePorts): LogCare {
  const { signer, now } = ports;
  let newest: AuditCheckpoint | null = null;
  /** The last record that this process has verified. */
  let verified: AuditHead | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const own = (checkpoints: readonly AuditCheckpoint[]): AuditCheckpoint[] =>
    checkpoints.filter(({ keyId }) => keyId === signer?.id);
  const findNewest = async (): Promise<void> => {
    const [found] = own(await ports.listCheckpoints(undefined, RECENT));
    if (found && (newest === null || found.sequence > newest.sequence)) newest = found;
  };
  const check = async (signal: AbortSignal, sign: boolean): Promise<ChainVerification> => {
    await findNewest();
    const forged = newest && signer && forgedOf([newest], signer);
    if (forged) return brokenAt(forged);
    const from: AuditHead = laterOf(verified ?? EMPTY_CHAIN, newest ?? EMPTY_CHAIN);
    const result = await verifyChain(ports, signal, { from });
    if (!result.holds) return result;
    verified = result.verified;
    const since = verified.sequence - (newest?.sequence ?? 0);
    if (signer && since > 0 && (sign || since >= ports.checkpointEvents)) {
      const checkpoint = signer.sign(verified, now());
      await ports.storeCheckpoint(checkpoint);
      newest = checkpoint;
      await ports.publishCheckpoint(checkpoint);
    }
    return result;
  };
  return {
    get newest() {
      return newest;
    },
    check(signal, { sign = false } = {}) {
      const result = last.then(() => check(signal, sign));
      last = result.catch(() => {});
      return result;
    },
    async verifyAll(signal, given = []) {
      const stored = own(await readCheckpoints(ports));
      const forged = signer && forgedOf(stored, signer);
      if (forged) return brokenAt(forged);
      return await verifyChain(ports, signal, { checkpoints: [...stored, ...given] });
    },
  };
}

async function readCheckpoints({ listCheckpoints }: LogCarePorts): Promise<AuditCheckpoint[]> {
  const found: AuditCheckpoint[] = [];
  while (found.length < MAX_CHECKPOINTS) {
    const page = await listCheckpoints(found.at(-1)?.sequence, CHECKPOINT_PAGE);
    found.push(...page);
    if (page.length < CHECKPOINT_PAGE) break;
  }
  return found;
}

/** Returns the first checkpoint that names the key, which has not signed it. */
function forgedOf(checkpoints: readonly AuditCheckpoint[], signer: CheckpointSigner): BrokenRecord | undefined {
  for (const checkpoint of checkpoints)
    try {
      verifyCheckpoint(checkpoint, [signer]);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      return { sequence: checkpoint.sequence, eventId: null, reason: error.message };
    }
  return undefined;
}

function brokenAt(broken: BrokenRecord): ChainVerification {
  const nothing = { from: EMPTY_CHAIN, verified: EMPTY_CHAIN, records: 0, erasedPayloads: 0, checkpoints: 0 };
  return { holds: false, broken, ...nothing };
}

const laterOf = (a: AuditHead, b: AuditHead): AuditHead => {
  const { sequence, hash } = b.sequence > a.sequence ? b : a;
  return { sequence, hash };
};
