import http2 from "node:http2";
import { EchoRequestSchema } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** Calls Echo with one and the same request, as cheaply as can be, so that the caller is never what is measured. */
export interface RawCaller {
  /** @throws ConnectError with the code that the server answered */
  call(): Promise<void>;
  close(): void;
}

const CONNECTIONS = 8;

export function rawCaller(grpcPort: number, message: MessageInitShape<typeof EchoRequestSchema>): RawCaller {
  const bytes = toBinary(EchoRequestSchema, create(EchoRequestSchema, message));
  const frame = Buffer.alloc(5 + bytes.length);
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  const headers = {
    ":method": "POST",
    ":path": "/bellwether.echo.v1.EchoService/Echo",
    "content-type": "application/grpc",
    "grpc-timeout": "1S",
    te: "trailers",
  };
  const sessions = Array.from({ length: CONNECTIONS }, () => http2.connect(`http://127.0.0.1:${grpcPort}`));
  let next = 0;
  return {
    call: () =>
      new Promise((resolve, reject) => {
        const stream = sessions[next++ % CONNECTIONS]?.request(headers);
        let answered = false;
        const done = (fields: http2.IncomingHttpHeaders): void => {
          const status = fields["grpc-status"];
          if (status === undefined) return;
          answered = true;
          if (status === "0") resolve();
          else reject(new ConnectError(String(fields["grpc-message"]), Number(status)));
        };
        const over = (): void => {
          if (!answered) reject(new ConnectError("connection lost", Code.Unavailable));
        };
        stream?.on("response", done).on("trailers", done).on("error", over).on("close", over).resume().end(frame);
      }),
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}
