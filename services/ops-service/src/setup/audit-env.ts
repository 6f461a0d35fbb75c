import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type CheckpointSigner, checkpointSigner, newCheckpointKey } from "@bellwether/contract/audit/checkpoint";
import { type EnvOf, env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { azureCredentials } from "@bellwether/object-store/azure-env";
import type { AzureCredentials } from "@bellwether/object-store/backends/azure-credentials";
import { type KindsOfCallers, kindsOfCallers } from "../domain/audit/event-kinds.ts";
import type { EXPORT_ENV } from "./export-env.ts";

const KINDS = {
  pattern:
    /^([^;=,]{1,256}=[a-z][a-z0-9_.]*(\.\*)?(,[a-z][a-z0-9_.]*(\.\*)?)*)(;[^;=,]{1,256}=[a-z][a-z0-9_.]*(\.\*)?(,[a-z][a-z0-9_.]*(\.\*)?)*)*$/,
  expected: "callers with kinds of events, for example ml-service=prediction.*,batch.served;scheduler-service=model.*",
};

/** The variables of the audit log. */
export const AUDIT_ENV = {
  auditKeyFile: env.optional(env.path("BELLWETHER_AUDIT_KEY_FILE")),
  auditCheckpointEvents: env.integer("BELLWETHER_AUDIT_CHECKPOINT_EVENTS", { min: 1, max: 1_000_000 }, 1_000),
  auditCheckpointUrl: env.optional({
    ...env.text("BELLWETHER_AUDIT_CHECKPOINT_URL", {
      pattern: /^(?:(?:s3|azure):\/\/|file:).{1,4000}$/s,
      expected: "s3://BUCKET/PREFIX, azure://CONTAINER/PREFIX or file:FOLDER, without credentials",
    }),
    secret: true,
  }),
  auditVerifyInterval: env.durationMs("BELLWETHER_AUDIT_VERIFY_INTERVAL", "1m", { min: "1s", max: "24h" }),
  auditCalls: sharedEnv.auditCalls,
  auditKinds: env.optional(env.text("BELLWETHER_AUDIT_KINDS", KINDS)),
};

/** How the audit log is verified and signed. */
export interface AuditConfig {
  /** Undefined: no checkpoints are signed. */
  readonly signer?: CheckpointSigner;
  /** Number of new records after which a checkpoint is signed. Default 1,000. */
  readonly checkpointEvents?: number;
  /** Time between two verifications of new records, ms. Default one minute. */
  readonly everyMs?: number;
  /** Time between two verifications of the whole log, ms. Default one day. */
  readonly wholeEveryMs?: number;
  /** The kinds that each caller may report. Default: every kind that ops-service does not record itself. */
  readonly kinds?: KindsOfCallers;
  /** Whether calls that need the role ANALYST, ADMIN or SERVICE, and denials, are recorded. Default false. */
  readonly calls?: boolean;
  /** Where checkpoints are stored besides the database. Undefined: in the log of the process only. */
  readonly store?: { readonly url: string; readonly azure: AzureCredentials };
}

type AuditEnv = EnvOf<typeof AUDIT_ENV> & EnvOf<typeof EXPORT_ENV> & { readonly dataDir: string };

/** Name of the file with a generated key, in the folder `keys` of the data folder. */
const FILE_NAME = "audit-key.pem";

/**
 * Reads the settings of the audit log. Without a key file, a key is created once and kept in the data folder.
 * @param report gets a message about a created key
 * @throws Error that names the file and quotes nothing of it
 */
export async function readAuditSettings(config: AuditEnv, report: (message: string) => void): Promise<AuditConfig> {
  const { auditKeyFile, auditCheckpointEvents, auditVerifyInterval, auditKinds, archiveUrl, dataDir } = config;
  const url = config.auditCheckpointUrl ?? archiveUrl;
  const signer =
    auditKeyFile === null
      ? await provideKey(path.resolve(dataDir, "keys", FILE_NAME), report)
      : checkpointSigner(await readText(auditKeyFile), auditKeyFile);
  return {
    ...(signer && { signer }),
    ...{ checkpointEvents: auditCheckpointEvents, everyMs: auditVerifyInterval },
    ...{ kinds: kindsOfCallers(auditKinds ?? ""), calls: config.auditCalls },
    ...(url !== null && { store: { url, azure: azureCredentials(config) } }),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unusable(file, cause);
  }
}

/** Codes of a data folder in which nothing can be kept, as in a container with a read-only file system. */
const NOT_WRITABLE: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * Reads the key of a file, or creates the file. Of several processes that create it together, all get the same key.
 * Undefined: the folder is not writable, so that no key can be kept.
 */
async function provideKey(file: string, report: (message: string) => void): Promise<CheckpointSigner | undefined> {
  const draft = `${file}.${randomUUID()}.partial`;
  let isNew = false;
  try {
    const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return null;
    });
    if (known === null) {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      const writing = await open(draft, "wx", 0o600);
      try {
        await writing.writeFile(newCheckpointKey());
        await writing.sync();
      } finally {
        await writing.close();
      }
      // A link fails when the file exists: a key that another process has written in the meantime stays.
      await link(draft, file).then(
        () => {
          isNew = true;
        },
        (error: NodeJS.ErrnoException) => {
          if (error.code !== "EEXIST") throw error;
        },
      );
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && NOT_WRITABLE.has(cause.code))) throw unusable(file, cause);
    report(
      `no checkpoints of the audit log are signed: the key cannot be kept in ${file} (${cause.code}); set BELLWETHER_AUDIT_KEY_FILE`,
    );
    return undefined;
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  const signer = checkpointSigner(await readText(file), file);
  if (isNew)
    report(
      `no BELLWETHER_AUDIT_KEY_FILE: a key for checkpoints of the audit log was created in ${file} (id ${signer.id}); keep the public key elsewhere: bellwether audit key`,
    );
  return signer;
}

function unusable(file: string, cause: unknown): Error {
  const reason = cause instanceof Error ? ("code" in cause ? String(cause.code) : cause.message) : String(cause);
  return new Error(`the key of the audit log in ${file} cannot be used: ${reason}`, { cause });
}
