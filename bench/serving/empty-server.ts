// An empty server of plain grpc-js. Sends its port by IPC.
import * as grpc from "@grpc/grpc-js";

new grpc.Server().bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ port });
});
process.on("disconnect", () => process.exit());
