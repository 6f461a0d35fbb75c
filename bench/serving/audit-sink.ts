import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import * as grpc from "@grpc/grpc-js";

/** A server instead of ops-service that takes audit events and discards them. */
export interface AuditStandIn extends Disposable {
  readonly url: string;
  /** Returns the number of bytes of events that it has received. */
  bytes(): number;
}

/** Starts the stand-in in this process. It does not decode the events, so that the measured service does all the work. */
export async function startAuditStandIn(): Promise<AuditStandIn> {
  let bytes = 0;
  const asIs = (message: Buffer): Buffer => message;
  const server = new grpc.Server();
  const definition: grpc.ServiceDefinition = {
    appendEvents: {
      path: `/${AuditService.typeName}/AppendEvents`,
      ...{ requestStream: true, responseStream: false },
      ...{ requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
    },
  };
  const appendEvents: grpc.handleClientStreamingCall<Buffer, Buffer> = (call, reply) => {
    call.on("data", (message: Buffer) => {
      bytes += message.length;
    });
    call.on("end", () => reply(null, Buffer.alloc(0)));
  };
  server.addService(definition, { appendEvents });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { url: `http://127.0.0.1:${port}`, bytes: () => bytes, [Symbol.dispose]: () => server.forceShutdown() };
}
