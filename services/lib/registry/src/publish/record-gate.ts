import { type GateRecord, gateIdOf } from "@bellwether/risk-model/promotion/gate-record";
import { gateSection } from "@bellwether/risk-model/promotion/gate-section";
import { renderPlots } from "@bellwether/risk-model/promotion/gate-svg";
import { MAX_ALIAS_BYTES, NO_ALIASES, parseAliasFile } from "../aliases/alias-file.ts";
import { aliasFileOf, readAliases } from "../aliases/aliases.ts";
import { type GateEntry, MAX_GATES } from "../aliases/gate-entry.ts";
import { GATE_CARD, gateFileOf, MAX_GATE_BYTES } from "../layout.ts";
import { VersionNotFoundError } from "../registry-error.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { aliasText } from "./move-alias.ts";

const MAX_SUMMARY = 1_000;

/** Returns the checks that did not pass, in one line. Empty: all passed. */
function summaryOf({ checks }: GateRecord): string {
  return checks
    .filter(({ outcome }) => outcome === "held" || outcome === "failed")
    .map(({ name, outcome, reason }) => `${name} ${outcome}: ${reason}`)
    .join("; ")
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .slice(0, MAX_SUMMARY);
}

/**
 * Stores a result of the promotion gate: `gate-ID.json`, `GATE.md` and the plots beside the challenger, and an entry in the alias file,
 * which makes it the newest result about the version. A writer that is killed before the entry leaves files that nobody can approve. The
 * file of the result before is removed. Recording the same result again changes nothing.
 * @returns the entry
 * @throws ModelNotFoundError, VersionNotFoundError, RegistryBusyError, ModelCorruptError
 */
export async function recordGate(registry: Registry, record: GateRecord): Promise<GateEntry> {
  const { modelName, challenger: version, champion, verdict, gatedAt, gatedBy, plots } = record;
  const storage = storageOf(registry);
  await readAliases(storage, modelName);
  if (!(await storage.hasFile([modelName, version, "manifest.json"])))
    throw new VersionNotFoundError(modelName, version);
  const write = (name: string, text: string): Promise<void> =>
    storage.update([modelName, version, name], MAX_GATE_BYTES, () => ({ text, result: undefined }));
  const id = gateIdOf(record);
  await write(gateFileOf(id), `${JSON.stringify(record, null, 2)}\n`);
  await write(GATE_CARD, gateSection(record, null, true));
  for (const { name, svg } of plots === null ? [] : renderPlots(plots, record)) await write(`${name}.svg`, svg);
  const made = { id, version, champion, verdict, gatedAt, gatedBy };
  const entry: GateEntry = { ...made, summary: summaryOf(record), decision: null };
  const aliasFile = aliasFileOf(modelName);
  const { stored, older } = await storage.update(aliasFile, MAX_ALIAS_BYTES, (text) => {
    const file = text === null ? NO_ALIASES : parseAliasFile(text, storage.placeOf(aliasFile));
    const before = file.gates ?? [];
    const known = before.find((one) => one.id === id);
    if (known !== undefined) return { text: null, result: { stored: known, older: undefined } };
    const gates = [...before, entry].slice(-MAX_GATES);
    const last = before.findLast((one) => one.version === version);
    return { text: aliasText({ ...file, gates }), result: { stored: entry, older: last } };
  });
  if (older !== undefined) await storage.remove([modelName, version, gateFileOf(older.id)]);
  return stored;
}
