// Runs the cases with plain grpc-js, without any client code of this project: `grpc-js.ts host:port`.

import { EchoRequestSchema, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { StatusSchema } from "@bellwether/gen/google/rpc/status_pb";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";

const channel = new grpc.Client(process.argv[2] ?? "", grpc.credentials.createInsecure());
const { echo, count, chat } = EchoService.method;
const path = (name: string): string => `/${EchoService.typeName}/${name}`;
const encode =
  <D extends DescMessage>(schema: D) =>
  (init: MessageInitShape<D>) =>
    Buffer.from(toBinary(schema, create(schema, init)));
const decode =
  <D extends DescMessage>(schema: D) =>
  (bytes: Buffer): MessageShape<D> =>
    fromBinary(schema, bytes);
const report = (name: string, result: unknown): void => console.log(JSON.stringify({ case: name, result }));

type EchoInit = MessageInitShape<typeof EchoRequestSchema>;
type EchoAnswer = MessageShape<typeof echo.output>;

function callEcho(init: EchoInit, metadata = new grpc.Metadata(), options: grpc.CallOptions = {}) {
  let header: grpc.Metadata | undefined;
  return new Promise<{ answer: EchoAnswer; header: grpc.Metadata | undefined; trailer: grpc.Metadata }>(
    (resolve, reject) => {
      let answer: EchoAnswer | undefined;
      const call = channel.makeUnaryRequest(
        path("Echo"),
        encode(echo.input),
        decode(echo.output),
        init,
        metadata,
        options,
        (error, value) => {
          if (error) reject(error);
          else answer = value;
        },
      );
      call.on("metadata", (received) => {
        header = received;
      });
      call.on("status", ({ metadata: trailer }) => {
        if (answer) resolve({ answer, header, trailer });
      });
    },
  );
}

async function failureOf(call: Promise<unknown>): Promise<grpc.ServiceError> {
  return call.then(
    () => {
      throw new Error("the call did not fail");
    },
    (error) => error,
  );
}

function detail<D extends DescMessage>(error: grpc.ServiceError, schema: D): MessageShape<D> | undefined {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = fromBinary(StatusSchema, Buffer.isBuffer(bytes) ? bytes : new Uint8Array());
  return status.details.map((any) => anyUnpack(any, schema)).find((message) => message !== undefined);
}

const { answer } = await callEcho({
  id: "interop",
  features: { a: 1.5, ü: -2.25 },
  text: "Lieferant é 😀",
  payload: new Uint8Array([0, 255]),
});
report("unary", answer.request && toJson(EchoRequestSchema, answer.request));

const counting = (to: number) =>
  channel.makeServerStreamRequest(path("Count"), encode(count.input), decode(count.output), { to });
const numbers: number[] = [];
for await (const { number } of counting(3)) numbers.push(number);
report("server_stream", numbers);

const failed = await failureOf(callEcho({ id: "x", behavior: { failCode: 9, failText: "no détail 100%" } }));
const info = detail(failed, ErrorInfoSchema);
report("error_details", {
  code: failed.code,
  message: failed.details,
  reason: info?.reason,
  domain: info?.domain,
  asked: info?.metadata.asked,
});

const invalid = await failureOf(callEcho({}));
report("validation", {
  code: invalid.code,
  fields: detail(invalid, BadRequestSchema)?.fieldViolations.map(({ field }) => field),
});

const slow: EchoInit = { id: "x", behavior: { delay: { seconds: 30n } } };
report("deadline", {
  code: (await failureOf(callEcho(slow, new grpc.Metadata(), { deadline: Date.now() + 200 }))).code,
});

const canceled = counting(1_000_000);
const read = async (): Promise<void> => {
  for await (const _ of canceled) canceled.cancel();
};
report("cancel", { code: (await failureOf(read())).code });

const tag = new grpc.Metadata();
tag.set("echo-request", "tag");
const tagged = await callEcho({ id: "m", behavior: {} }, tag);
report("metadata", { header: tagged.header?.get("echo-header")[0], trailer: tagged.trailer.get("echo-trailer")[0] });

const zipping = new grpc.Client(process.argv[2] ?? "", grpc.credentials.createInsecure(), {
  "grpc.default_compression_algorithm": 2,
});
const zipped = await new Promise<EchoAnswer>((resolve, reject) => {
  const init = { id: "zipped", text: "z".repeat(100_000) };
  zipping.makeUnaryRequest(path("Echo"), encode(echo.input), decode(echo.output), init, (error, value) => {
    if (value) resolve(value);
    else reject(error);
  });
});
report("gzip", { id: zipped.request?.id, size: zipped.request?.text.length });

const big = await callEcho({ id: "big", payload: new Uint8Array(3 * 1024 * 1024).fill(7) });
const payload = big.answer.request?.payload ?? new Uint8Array();
report("big", { size: payload.length, sum: payload.reduce((sum, byte) => sum + byte, 0) });

const chatting = channel.makeBidiStreamRequest(path("Chat"), encode(chat.input), decode(chat.output));
chatting.write({ text: "a" });
chatting.write({ text: "b" });
chatting.end();
const texts: string[] = [];
for await (const { text } of chatting) texts.push(text);
report("bidi", texts);
process.exit(0);
