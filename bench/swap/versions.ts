import { type Alias, MAX_ALIAS_BYTES, parseAliasFile } from "@bellwether/registry/aliases/alias-file";
import { aliasFileOf } from "@bellwether/registry/aliases/aliases";
import { type Publication, publishVersion } from "@bellwether/registry/publish/publish-version";
import { type Registry, storageOf } from "@bellwether/registry/storage/storage-of";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import { DEMO_SPEC, DEMO_TABLE, demoSupplier } from "@bellwether/testing/demo-model";

export const MODEL = DEMO_SPEC.name;
/** Number of suppliers of the calls. */
export const SUPPLIERS = 100;
/** Number of trees and their depth: the size of the model M6 of the other benchmarks. */
const TRAINER = { ...DEMO_SPEC.trainer, trees: 100, maxDepth: 6 };
const unchecked = async (): Promise<void> => {};

/** Versions that must be served, and what each answers. */
export interface GoodVersions {
  readonly versions: readonly string[];
  /** Risk score of each supplier by version. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
  readonly unserved: UnservedModels;
}

/**
 * Sound models of which the versions are made that must not be served. A replica that has a copy of a file with the digest of the
 * manifest uses the copy, whatever the registry has: the files of the damaged versions are in no other version.
 */
export interface UnservedModels {
  readonly damaged: Publication;
  readonly foreign: Publication;
}

/** Publishes versions that differ in their seed. The first one becomes the champion. */
export async function publishGood(registry: Registry, count: number): Promise<GoodVersions> {
  const scores = new Map<string, readonly number[]>();
  const train = async (seed: number): Promise<Publication> => {
    const spec = { ...DEMO_SPEC, trainer: { ...TRAINER, subsample: 0.8 }, seed };
    const trained = await trainRiskModel({ table: DEMO_TABLE, spec, configHash: "c".repeat(64), runOnnx });
    const about = { modelName: MODEL, origin: "trained" as const, configHash: "", evaluation: null, now: new Date() };
    return { ...trained, ...about };
  };
  for (let seed = 1; seed <= count; seed++) {
    const { version } = await publishVersion(registry, await train(seed), unchecked);
    const model = await openScoringModel(await readVersion(registry, MODEL, version));
    const answers: number[] = [];
    for (let i = 0; i < SUPPLIERS; i++)
      answers.push((await scoreSupplier(model, demoSupplier(i), "supplier")).riskScore ?? Number.NaN);
    await model.release();
    scores.set(version, answers);
  }
  await moveChampion(registry, "v1");
  const unserved = { damaged: await train(count + 1), foreign: await train(count + 2) };
  return { versions: [...scores.keys()], scores, unserved };
}

/** Moves the alias as a program would that makes no checks. */
export async function moveChampion(registry: Registry, version: string): Promise<void> {
  const storage = storageOf(registry);
  const file = aliasFileOf(MODEL);
  await storage.update(file, MAX_ALIAS_BYTES, (text) => {
    const now = text === null ? { champions: [], moves: [] } : parseAliasFile(text, storage.placeOf(file));
    const alias: Alias = { name: "champion", version, setAt: new Date().toISOString(), setBy: "bench", reason: "swap" };
    const next = {
      format: "bellwether.aliases/1",
      aliases: [alias],
      champions: [...now.champions.slice(-900), alias],
      moves: [...now.moves.slice(-900), alias],
    };
    return { text: JSON.stringify(next), result: undefined };
  });
}

/** Ways in which a version is not fit to be served. */
export const BAD_KINDS = ["corrupt", "half-written", "wrong contract", "hostile"] as const;
export type BadKind = (typeof BAD_KINDS)[number];

/** Publishes a version that must not be served, past all checks. Returns it. */
export async function publishBad(
  registry: Registry,
  kind: BadKind,
  { damaged, foreign }: UnservedModels,
): Promise<string> {
  const good = kind === "wrong contract" ? foreign : damaged;
  const storage = storageOf(registry);
  const over: Record<BadKind, Partial<Publication>> = {
    corrupt: {},
    "half-written": {},
    // Digests and golden rows are in order; the unit of a feature is not that of the service's configuration.
    "wrong contract": { bundleJson: good.bundleJson.replace('"unit":"units"', '"unit":"percent"') },
    // Protobuf that announces more than there is.
    hostile: { onnx: Uint8Array.from({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 0x3a : 0xff)) },
  };
  const tampered = {
    ...storage,
    createVersion: (modelName: string, filesOf: Parameters<typeof storage.createVersion>[1]) =>
      storage.createVersion(modelName, (version) =>
        filesOf(version).map(({ name, bytes }) => {
          if (name !== "model.onnx") return { name, bytes };
          if (kind === "corrupt")
            return { name, bytes: bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)) };
          return { name, bytes: kind === "half-written" ? bytes.subarray(0, bytes.length >> 1) : bytes };
        }),
      ),
  };
  return (await publishVersion(tampered, { ...good, ...over[kind], now: new Date() }, unchecked)).version;
}
