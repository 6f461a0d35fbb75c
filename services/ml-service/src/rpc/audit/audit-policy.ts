import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { GRPCInferenceService } from "@bellwether/gen/inference/grpc_service_pb";
import { Call } from "@bellwether/mesh/call/call";
import type { Policy } from "@bellwether/mesh/call/policy";
import { codeName } from "@bellwether/mesh/errors/code-name";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { RejectionCounts } from "../../audit/rejection-counts.ts";
import type { CountDroppedEvents, RecordEvent } from "../../domain/audit-ports.ts";
import { createEventOfCall, reasonOf } from "./event-of-call.ts";

export interface AuditPolicyOptions {
  readonly record: RecordEvent;
  /** Counts rejected calls that are not recorded as single events. */
  readonly rejections: Pick<RejectionCounts, "count">;
  readonly lost: CountDroppedEvents;
  /** Whether events have the input of scores, so that the scores can be computed again. */
  readonly keepsInput: boolean;
  readonly newId: () => string;
  readonly now: () => number;
}

/** The policy, and what records the blocks of a stream as they are answered. */
export interface AuditPolicy extends Policy {
  /** Records one block of a stream as a batch. Never throws. */
  recordBlock(context: HandlerContext, sent: Message, answered: Message): void;
  /** Records the calls that have ended and are not recorded yet, for the end of the service. */
  recordEnded(): void;
}

/** An answered call whose event is still to be made. */
interface Ended {
  readonly call: Call;
  readonly endedAtMs: number;
}

/**
 * Records every call of the InferenceService, and every ModelInfer of the Open Inference Protocol, when it ends: answered,
 * rejected by a policy or a handler, or cancelled. Calls that were rejected before their caller was known, or because of overload, are only
 * counted: anybody can make any number of them.
 */
export function auditPolicy(options: AuditPolicyOptions): AuditPolicy {
  const { record, rejections, lost, keepsInput, newId, now } = options;
  const eventFromCall = createEventOfCall(keepsInput);
  let ended: Ended[] = [];
  const recordEnded = (): void => {
    const calls = ended;
    ended = [];
    for (const { call, endedAtMs } of calls) {
      try {
        record(eventFromCall(call, undefined, newId(), endedAtMs));
      } catch {
        lost(1, "not_recorded");
      }
    }
  };
  // node:http2 writes an answer and its trailers in the next two iterations of the event loop. The digest of the input
  // would delay them.
  const recordAfterAnswer = (call: Call): void => {
    if (ended.push({ call, endedAtMs: now() }) === 1) setImmediate(() => setImmediate(recordEnded));
  };
  return {
    recordEnded,
    recordBlock(context, sent, answered) {
      try {
        if (context instanceof Call) record(eventFromCall(context, undefined, newId(), now(), sent, answered));
      } catch {
        lost(1, "not_recorded");
      }
    },
    close(call, error) {
      if (!isRecorded(call.bound.method)) return;
      // The blocks of a stream are recorded one by one, when they are answered.
      if (error === undefined && call.bound.method === InferenceService.method.predictStream) return;
      try {
        const reason = error && reasonOf(error);
        if (error && (!call.identified || reason === OVERLOADED)) {
          rejections.count({ rpc: call.bound.name, code: codeName(error), reason, identified: call.identified });
        } else if (!error && call.protocolName === "grpc") {
          recordAfterAnswer(call);
        } else {
          recordEnded();
          record(eventFromCall(call, error, newId(), now()));
        }
      } catch {
        lost(1, "not_recorded");
      }
    },
  };
}

/** Whether this policy records the calls of an RPC: of all that answer something about a supplier. */
export const isRecorded = (method: DescMethod): boolean =>
  method === GRPCInferenceService.method.modelInfer ||
  (method.parent.typeName === InferenceService.typeName && !NOT_RECORDED.has(method));

/** ExplainModel reads a file of the registry; Replay repeats what is recorded already. */
const NOT_RECORDED: ReadonlySet<DescMethod> = new Set([
  InferenceService.method.explainModel,
  InferenceService.method.replay,
]);

/** `ErrorInfo.reason` of the admission policy for overload. */
const OVERLOADED = "OVERLOADED";
