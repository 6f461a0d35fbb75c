import { MAX_CONFIG_BYTES } from "@bellwether/config/yaml-file";
import { REASON_PATTERN } from "@bellwether/contract/reason-text";
import type {
  ImportModelHeader,
  ImportModelRequest,
  ModelPublishingService,
  PublishModelHeader,
  PublishModelRequest,
  UploadedFile,
} from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { checkNotExpired, checkRight } from "@bellwether/mesh/auth/permissions";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { PublishedModel } from "@bellwether/scoring/publish/publish-model";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AnnouncedFile,
  checkLines,
  receiveUpload,
  type UploadPart,
  type UploadRules,
  type UploadSlots,
  withIdleLimit,
} from "../domain/receive-upload.ts";
import { UploadError } from "../domain/scheduler-error.ts";
import { modelLimit } from "../domain/upload-memory.ts";
import type { PrepareTask } from "../model/prepare-task.ts";
import type { UploadProvenance } from "../model/publish-upload.ts";

/** Dependencies of the handlers. */
export interface ModelUploadDeps {
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  readonly slots: UploadSlots;
  /** Longest time between two messages of an upload, ms. Default 20,000. */
  readonly idleMs?: number;
  /** Memory of the container or the machine, bytes: bounds the size of a model. */
  readonly memoryBytes: number;
  /** Checks that a version which is published now would be signed as the registry requires. @throws UnsignedVersionError */
  readonly checkSigner: () => void;
  /** Returns the alias that a new version of a model gets. */
  readonly aliasOfNext: (modelName: string) => Promise<"champion" | "challenger">;
  readonly publish: (
    task: PrepareTask,
    provenance: UploadProvenance,
    /** Called before anything is stored. @throws ConnectError when the caller may no longer publish */
    stillAllowed: () => void,
    signal: AbortSignal,
  ) => Promise<PublishedModel & { readonly notes: readonly string[] }>;
}

/** Longest time between two messages of an upload, ms. */
const IDLE_MS = 20_000;
/** Largest size of a table, bytes, and its largest number of lines: parsing takes many times its size of memory. */
const MAX_TABLE_BYTES = 16 * 2 ** 20;
const MAX_TABLE_LINES = 20_000;
const SAMPLE = "send a sample of its rows: at most 1,000 background rows are used";
const publishFiles = (memoryBytes: number): UploadRules => ({
  required: ["model.onnx", "feature_bundle.json", "MODEL_CARD.md"],
  optional: [],
  maxBytes: { "model.onnx": modelLimit("publish", memoryBytes) },
});
const importFiles = (memoryBytes: number): UploadRules => ({
  required: ["model"],
  optional: ["background", "expected", "model_config.yaml"],
  maxBytes: {
    model: modelLimit("import", memoryBytes),
    background: { bytes: MAX_TABLE_BYTES, instead: SAMPLE },
    expected: { bytes: MAX_TABLE_BYTES, instead: "send a sample of its rows" },
    "model_config.yaml": { bytes: MAX_CONFIG_BYTES, instead: "send the features of this model only" },
  },
});

/** Returns the handlers that receive models from other programs. */
export function modelUploadHandlers(
  deps: ModelUploadDeps,
): Pick<ServiceImpl<typeof ModelPublishingService>, "publishModel" | "importModel"> {
  const receive = async <H extends PublishModelHeader | ImportModelHeader>(
    requests: AsyncIterable<PublishModelRequest | ImportModelRequest>,
    rules: UploadRules,
    context: HandlerContext,
    taskOf: (modelName: string, header: H, files: ReadonlyMap<string, Uint8Array>) => PrepareTask,
  ) => {
    const caller = callerOf(context);
    const nameOf = ({ modelName }: H): string => modelName || deps.defaultModel;
    using slot = new DisposableStack();
    const parts = withIdleLimit(partsOf<H>(requests), deps.idleMs ?? IDLE_MS);
    const { header, files } = await receiveUpload<H>(parts, filesOf, rules, async (announced) => {
      checkRight(caller, `promote:${await deps.aliasOfNext(nameOf(announced))}`);
      deps.checkSigner();
      slot.use(deps.slots.begin());
    });
    const modelName = nameOf(header);
    const task = taskOf(modelName, header, files);
    const stillAllowed = (): void => checkNotExpired(caller, Date.now());
    const published = await deps.publish(task, provenanceOf(header, actorOf(caller)), stillAllowed, context.signal);
    const { version, alias, isNew, notes } = published;
    return { modelName, version, alias: alias ?? "", isNew, notes: [...notes] };
  };
  return {
    publishModel: async (requests, context) =>
      await receive<PublishModelHeader>(requests, publishFiles(deps.memoryBytes), context, (modelName, _, files) => ({
        ...{ kind: "publish", modelName, onnx: files.get("model.onnx") ?? new Uint8Array() },
        ...{ bundleJson: textOf(files, "feature_bundle.json") ?? "", modelCard: textOf(files, "MODEL_CARD.md") ?? "" },
      })),
    importModel: async (requests, context) =>
      await receive<ImportModelHeader>(
        requests,
        importFiles(deps.memoryBytes),
        context,
        (modelName, { riskClass, riskName }, files) => {
          const [background = null, expected = null] = [files.get("background"), files.get("expected")];
          checkLines("background", background, MAX_TABLE_LINES, SAMPLE);
          checkLines("expected", expected, MAX_TABLE_LINES, "send a sample of its rows");
          return {
            ...{ kind: "import", modelName, model: files.get("model") ?? new Uint8Array(), background, expected },
            modelConfig: textOf(files, "model_config.yaml"),
            ...{ riskClass: riskClass || null, riskName: riskName || null },
          };
        },
      ),
  };
}

async function* partsOf<H>(
  requests: AsyncIterable<PublishModelRequest | ImportModelRequest>,
): AsyncGenerator<UploadPart<H>> {
  for await (const { part } of requests) {
    if (part.case === "header") yield { kind: "header", header: part.value as H };
    if (part.case === "chunk") yield { kind: "chunk", content: part.value.content };
  }
}

const filesOf = ({ files }: { readonly files: readonly UploadedFile[] }): AnnouncedFile[] =>
  files.map(({ name, sha256, sizeBytes }) => ({ name, sha256, bytes: Number(sizeBytes) }));

/** Returns the text of a file; null when it was not sent. @throws UploadError when it is not UTF-8 */
function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string | null {
  const bytes = files.get(name);
  if (bytes === undefined) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UploadError(`${name} is not UTF-8`);
  }
}

const SHA256 = /^[0-9a-f]{64}$/;

/** @throws UploadError */
function provenanceOf({ provenance }: PublishModelHeader | ImportModelHeader, actor: string): UploadProvenance {
  const { builder = "", metrics = {}, dataDigest = "", reason = "" } = provenance ?? {};
  if (dataDigest !== "" && !SHA256.test(dataDigest))
    throw new UploadError("provenance.data_digest is not 64 lower-case hex digits");
  // What is not valid would be found only when the version is stored and its alias is set.
  for (const [field, text] of [
    ["reason", reason],
    ["builder", builder],
  ] as const)
    if (text !== "" && !REASON_PATTERN.test(text))
      throw new UploadError(`provenance.${field} is not one line with at least one visible character`);
  return { actor, builder: builder || actor, metrics, dataSha256: dataDigest, reason: reason || "published" };
}
