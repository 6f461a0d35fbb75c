// A server of plain grpc-js with one unary handler: `echo-server.ts RESPONSE_FILE`. Decodes each PredictRequest and
// encodes the same PredictResponse, whose bytes are in the file. Sends its port by IPC.
import { readFileSync } from "node:fs";
import {
  InferenceService,
  type PredictRequest,
  PredictRequestSchema,
  type PredictResponse,
  PredictResponseSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";

const server = new grpc.Server();
const answer = fromBinary(PredictResponseSchema, readFileSync(process.argv[2] ?? ""));
const definition: grpc.ServiceDefinition = {
  predict: {
    path: `/${InferenceService.typeName}/Predict`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: PredictRequest) => Buffer.from(toBinary(PredictRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(PredictRequestSchema, bytes),
    responseSerialize: (message: PredictResponse) => {
      const bytes = toBinary(PredictResponseSchema, message);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    responseDeserialize: (bytes: Buffer) => fromBinary(PredictResponseSchema, bytes),
  },
};
const predict: grpc.handleUnaryCall<PredictRequest, PredictResponse> = (_, reply) => reply(null, answer);
server.addService(definition, { predict });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ port });
});
process.on("disconnect", () => process.exit());
