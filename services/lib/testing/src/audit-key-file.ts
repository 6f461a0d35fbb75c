import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const FILE = path.resolve(import.meta.dirname, "../../../../node_modules/.cache/bellwether-testing/audit-key.pem");

/** Returns a file with a key for checkpoints of the audit log, so that no process of a test creates one in its data folder. */
export function auditKeyFile(): string {
  if (existsSync(FILE)) return FILE;
  mkdirSync(path.dirname(FILE), { recursive: true });
  const draft = `${FILE}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(draft, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  // Of several processes, the last one wins: each key is as good.
  renameSync(draft, FILE);
  return FILE;
}
