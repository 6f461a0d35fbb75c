import { setTimeout as pause } from "node:timers/promises";
import {
  type PredictBatchRequest,
  type PredictBatchResponse,
  PredictBatchResponseSchema,
  type PredictStreamRequest,
  PredictStreamResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ModelSelector } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { createCallerShares, shareOf } from "@bellwether/mesh/call/caller-share";
import { BatchQueueFullError } from "@bellwether/scoring/batch/batch-pool-error";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { checkColumnNames } from "../domain/check-names.ts";
import { BatchShapeError, StreamsFullError } from "../domain/ml-error.ts";
import type { ScoreCounts } from "../domain/score-counts.ts";
import type { LoadedModels } from "../model/loaded-models.ts";
import type { ServedModel } from "../model/served-model.ts";
import type { Shadow } from "../shadow/shadow.ts";
import { batchFromProto } from "./batch-from-proto.ts";
import { type AnsweredBatch, batchToProto } from "./batch-to-proto.ts";
import { findInvalidRows, withInvalidRows, withoutInvalidRows } from "./invalid-rows.ts";
import { pipelined } from "./pipelined.ts";
import { selectorFromProto } from "./selector-from-proto.ts";

export interface StreamOptions {
  readonly loadedModels: LoadedModels;
  readonly counts: Pick<ScoreCounts, "batch">;
  readonly shadow: Pick<Shadow, "offerBatch">;
  /** Records a block that was answered. Never throws. */
  readonly recordBlock: (context: HandlerContext, sent: PredictBatchRequest, answered: PredictBatchResponse) => void;
  /** Maximum number of open streams. With the blocks in flight and the size of a message, it bounds their memory. */
  readonly maxStreams: number;
}

/** Number of blocks of a stream that are scored at a time: while one is scored, the next is read. */
const IN_FLIGHT = 2;
/** Pause before a block is passed to the full pool again. */
const FULL_PAUSE_MS = 50;

interface AnsweredBlock {
  readonly sent: PredictBatchRequest;
  readonly block: PredictBatchResponse;
  readonly firstRow: bigint;
}

/** Returns the handler of PredictStream. @throws StreamsFullError, and the errors of PredictBatch */
export function predictStream({ loadedModels, counts, shadow, recordBlock, maxStreams }: StreamOptions) {
  let open = 0;
  const shares = createCallerShares(maxStreams);
  return async function* (requests: AsyncIterable<PredictStreamRequest>, context: HandlerContext) {
    if (open >= maxStreams) throw new StreamsFullError(maxStreams);
    const leave = shares.take(shareOf(context));
    if (!leave) throw new StreamsFullError(shares.share, "of this caller");
    open++;
    let held: HeldModel | undefined;
    let first: ModelSelector | undefined;
    let blocks = 0;
    let rows = 0;
    const answer = async ({ block: sent }: PredictStreamRequest): Promise<AnsweredBlock> => {
      // protovalidate has checked that the block is there.
      if (sent === undefined) throw new BatchShapeError("block", "is required");
      const [number, firstRow] = [blocks++, rows];
      rows += sent.supplierIds.length;
      if (number === 0) first = sent.model;
      else checkModel(first, sent.model, number);
      held ??= holdModel(loadedModels, first, context);
      const model = await held.model;
      const began = performance.now();
      const scores = await scoreBlock(sent, model, shadow, context.signal).catch((error: unknown) => {
        throw error instanceof BatchShapeError ? error.inside("block", `block ${number}, from row ${firstRow}`) : error;
      });
      counts.batch("PredictStream", model.identity, scores, performance.now() - began);
      const block = create(PredictBatchResponseSchema, batchToProto(sent, scores, model));
      return { sent, block, firstRow: BigInt(firstRow) };
    };
    try {
      for await (const { sent, block, firstRow } of pipelined(requests, answer, IN_FLIGHT)) {
        recordBlock(context, sent, block);
        yield create(PredictStreamResponseSchema, { firstRow, block });
      }
    } finally {
      open--;
      leave();
      held?.release();
    }
  };
}

/** Scores a block. When the pool is full, the block waits, and with it the stream. */
async function scoreBlock(
  sent: PredictBatchRequest,
  model: ServedModel,
  shadow: StreamOptions["shadow"],
  signal: AbortSignal,
): Promise<AnsweredBatch> {
  const invalid = findInvalidRows(sent);
  const input = batchFromProto(withoutInvalidRows(sent, invalid));
  checkColumnNames(model.bundle, input);
  while (true) {
    try {
      const scores = await model.scoreBatch(input, sent.withContributions, signal, sent.withTermWeights);
      // The scores of a block with an invalid row are changed below, and their rows have no id to choose by.
      if (invalid.length === 0) shadow.offerBatch(model, sent.supplierIds, input, scores);
      return withInvalidRows(scores, invalid);
    } catch (error) {
      if (!(error instanceof BatchQueueFullError)) throw error;
      await pause(FULL_PAUSE_MS, undefined, { signal });
    }
  }
}

/** @throws BatchShapeError when a later block names another model than the first */
function checkModel(first: ModelSelector | undefined, later: ModelSelector | undefined, number: number): void {
  const named = (model: ModelSelector | undefined) => ({ modelName: "", modelVersion: "", ...model });
  const [before, now] = [named(first), named(later)];
  const isUnset = now.modelName === "" && now.modelVersion === "";
  if (isUnset || (now.modelName === before.modelName && now.modelVersion === before.modelVersion)) return;
  throw new BatchShapeError(
    "block.model",
    `block ${number} names another model than the first block; open another stream for it`,
  );
}

interface HeldModel {
  readonly model: Promise<ServedModel>;
  /** Lets the model be unloaded. */
  release(): void;
}

/** Keeps a model loaded until it is released. */
function holdModel(
  loadedModels: LoadedModels,
  selector: ModelSelector | undefined,
  context: HandlerContext,
): HeldModel {
  const acquired = Promise.withResolvers<ServedModel>();
  const released = Promise.withResolvers<void>();
  loadedModels
    .withModel(selectorFromProto(selector, context), (model) => {
      acquired.resolve(model);
      return released.promise;
    })
    .catch(acquired.reject);
  acquired.promise.catch(() => {});
  return { model: acquired.promise, release: released.resolve };
}
