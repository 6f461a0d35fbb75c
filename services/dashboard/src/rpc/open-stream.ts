import type { DescMessage, DescMethodServerStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";

/** Opens a stream of messages. It has no deadline: it ends with its page, or with `signal`. */
export async function* openStream<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodServerStreaming<I, O>,
  input: MessageInitShape<I>,
  signal: AbortSignal,
): AsyncGenerator<MessageShape<O>> {
  const request = (async function* () {
    yield input;
  })();
  const { message } = await transport.stream(method, signal, 0, undefined, request);
  yield* message;
}
