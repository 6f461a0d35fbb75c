import { REASON_PATTERN } from "@bellwether/contract/reason-text";
import type {
  ImportModelHeader,
  ImportModelRequest,
  ModelPublishingService,
  PublishModelHeader,
  PublishModelRequest,
  UploadedFile,
} from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { checkRight } from "@bellwether/mesh/auth/roles";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { PublishedModel } from "@bellwether/scoring/publish/publish-model";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AnnouncedFile,
  receiveUpload,
  type UploadPart,
  type UploadRules,
  type UploadSlots,
} from "../domain/receive-upload.ts";
import { UploadError } from "../domain/scheduler-error.ts";
import type { PrepareTask } from "../model/prepare-task.ts";
import type { UploadProvenance } from "../model/publish-upload.ts";

/** Dependencies of the handlers. */
export interface ModelUploadDeps {
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  readonly slots: UploadSlots;
  /** Returns the alias that a new version of a model gets. */
  readonly aliasOfNext: (modelName: string) => Promise<"champion" | "challenger">;
  readonly publish: (
    task: PrepareTask,
    provenance: UploadProvenance,
    signal: AbortSignal,
  ) => Promise<PublishedModel & { readonly notes: readonly string[] }>;
}

const PUBLISH_FILES: UploadRules = { required: ["model.onnx", "feature_bundle.json", "MODEL_CARD.md"], optional: [] };
const IMPORT_FILES: UploadRules = { required: ["model"], optional: ["background", "expected", "model_config.yaml"] };

/** Returns the handlers that receive models from other programs. */
export function modelUploadHandlers(
  deps: ModelUploadDeps,
): Pick<ServiceImpl<typeof ModelPublishingService>, "publishModel" | "importModel"> {
  const receive = <H extends PublishModelHeader | ImportModelHeader>(
    requests: AsyncIterable<PublishModelRequest | ImportModelRequest>,
    rules: UploadRules,
    context: HandlerContext,
    taskOf: (modelName: string, header: H, files: ReadonlyMap<string, Uint8Array>) => PrepareTask,
  ) =>
    deps.slots.run(async () => {
      const nameOf = ({ modelName }: H): string => modelName || deps.defaultModel;
      const { header, files } = await receiveUpload<H>(partsOf<H>(requests), filesOf, rules, async (announced) => {
        checkRight(callerOf(context), `promote:${await deps.aliasOfNext(nameOf(announced))}`);
      });
      const modelName = nameOf(header);
      const actor = actorOf(callerOf(context));
      const task = taskOf(modelName, header, files);
      const published = await deps.publish(task, provenanceOf(header, actor), context.signal);
      const { version, alias, isNew, notes } = published;
      return { modelName, version, alias: alias ?? "", isNew, notes: [...notes] };
    });
  return {
    publishModel: async (requests, context) =>
      await receive<PublishModelHeader>(requests, PUBLISH_FILES, context, (modelName, _, files) => ({
        ...{ kind: "publish", modelName, onnx: files.get("model.onnx") ?? new Uint8Array() },
        ...{ bundleJson: textOf(files, "feature_bundle.json") ?? "", modelCard: textOf(files, "MODEL_CARD.md") ?? "" },
      })),
    importModel: async (requests, context) =>
      await receive<ImportModelHeader>(
        requests,
        IMPORT_FILES,
        context,
        (modelName, { riskClass, riskName }, files) => ({
          ...{ kind: "import", modelName, model: files.get("model") ?? new Uint8Array() },
          ...{ background: files.get("background") ?? null, expected: files.get("expected") ?? null },
          modelConfig: textOf(files, "model_config.yaml"),
          ...{ riskClass: riskClass || null, riskName: riskName || null },
        }),
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
