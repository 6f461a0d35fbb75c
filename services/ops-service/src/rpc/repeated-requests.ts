import { createHash } from "node:crypto";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { RequestKeyFormError, RequestKeyMismatchError } from "../domain/ops-error.ts";
import type { RequestKey, RequestKeyStore } from "../domain/request-key.ts";
import { scopeKey } from "./page-token.ts";

/** Request header: a key that the client makes for each request that it may send again. */
const KEY_HEADER = "idempotency-key";
/** Response header, "true": the answer is that of the first request with this key. */
const REPLAYED_HEADER = "idempotency-replayed";

/** 1 to 255 visible ASCII characters; as a string of structured fields (RFC 9651) they are in quotation marks. */
const KEY = /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e][\x21-\x7e]{0,254}))$/;

/** Performs a request; `key` belongs into the transaction of its effect. */
type Perform<A> = (key: RequestKey | undefined) => Promise<{
  readonly answer: A /** Whether nothing of it failed, so that it can be stored. */;
  readonly isWhole: boolean;
}>;

/**
 * Answers a request that a client may send again. With a key that is known, the first answer is sent again, and nothing
 * is performed. Of equal requests at the same time, one has the effect and its answer, and the others that answer as a
 * repetition. Where the first request failed, failed in part or its process ended before the answer, it is performed:
 * it must be one that changes nothing the second time.
 * An answer is not sent again to a caller whose scope is another one than at the first request.
 * @throws RequestKeyFormError, RequestKeyMismatchError
 */
export async function answerOnce<M extends DescMethodUnary, A extends Record<string, unknown>>(
  { method, store }: { readonly method: M; readonly store: RequestKeyStore },
  request: MessageShape<M["input"]>,
  context: HandlerContext,
  perform: Perform<A>,
): Promise<A | MessageShape<M["output"]>> {
  const header = context.requestHeader.get(KEY_HEADER);
  if (header === null) return (await perform(undefined)).answer;
  const match = KEY.exec(header);
  const text = match?.[1] ?? match?.[2];
  if (text === undefined) throw new RequestKeyFormError();
  const digest = createHash("sha256")
    .update([`${method.parent.typeName}/${method.name}\n`, ...scopeKey(callerOf(context).scope)].join(""))
    .update(toBinary<M["input"]>(method.input, request))
    .digest("hex");
  const key: RequestKey = { caller: actorOf(callerOf(context)), key: text, digest };
  const known = await store.find(key);
  if (known && known.digest !== digest) throw new RequestKeyMismatchError(text);
  const replayed = (bytes: Uint8Array): MessageShape<M["output"]> => {
    context.responseHeader.set(REPLAYED_HEADER, "true");
    return fromBinary<M["output"]>(method.output, bytes);
  };
  if (known?.answer) return replayed(known.answer);
  const { answer, isWhole } = await perform(key);
  if (!isWhole) return answer;
  const output: DescMessage = method.output;
  // Requests at the same time have one effect; all of them except one get the answer that was stored first.
  const first = await store.storeAnswer(key, toBinary(output, create(output, answer)));
  return first === undefined ? answer : replayed(first);
}
