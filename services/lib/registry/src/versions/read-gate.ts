import {
  type GateRecord,
  GateRecordError,
  gateIdOf,
  parseGateRecord,
} from "@bellwether/risk-model/promotion/gate-record";
import type { GateDecision } from "@bellwether/risk-model/promotion/gate-section";
import { readAliases } from "../aliases/aliases.ts";
import { gateFileOf, MAX_GATE_BYTES } from "../layout.ts";
import { ModelCorruptError } from "../registry-error.ts";
import type { RegistryFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";

/** The newest result of the promotion gate about a version. */
export interface StoredGate {
  readonly id: string;
  readonly record: GateRecord;
  /** Null: nobody has decided. */
  readonly decision: GateDecision | null;
}

/**
 * Reads the newest result of the promotion gate about a version, with the decision about it. @returns null when it has none
 * @throws ModelNotFoundError, ModelCorruptError
 */
export async function readGate(registry: Registry, modelName: string, version: string): Promise<StoredGate | null> {
  const storage = storageOf(registry);
  const { gates = [] } = await readAliases(storage, modelName);
  const newest = gates.findLast((entry) => entry.version === version);
  if (newest === undefined) return null;
  const file: RegistryFile = [modelName, version, gateFileOf(newest.id)];
  const bytes = await storage.read(file, { maxBytes: MAX_GATE_BYTES });
  // The version was removed.
  if (bytes === null) return null;
  const place = storage.placeOf(file);
  const record = parse(Buffer.from(bytes).toString("utf8"), place);
  if (gateIdOf(record) !== newest.id) throw new ModelCorruptError(place, "differs from its id in aliases.json");
  return { id: newest.id, record, decision: newest.decision };
}

function parse(json: string, place: string): GateRecord {
  try {
    return parseGateRecord(json);
  } catch (error) {
    if (error instanceof GateRecordError) throw new ModelCorruptError(place, error.message);
    throw error;
  }
}
