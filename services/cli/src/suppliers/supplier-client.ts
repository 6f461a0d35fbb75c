import { readEnv } from "@bellwether/env/env";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { OPS_PEER, peerUrl } from "../remote/peer-url.ts";

/** Access to the suppliers of ops-service. */
export interface SupplierClient extends Disposable {
  readonly suppliers: Client<typeof SupplierService>;
  /** Awaits the answer of a call. @throws an error for a person */
  answer<T>(call: Promise<T>): Promise<T>;
}

/** Opens a connection to ops-service. @param url from --ops; undefined: from the environment */
export function openSuppliers(context: CliContext, url: string | undefined): SupplierClient {
  const target = peerUrl(OPS_PEER, url, context);
  const settings = peerSettings(readEnv(context.env, serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 })));
  const transport = createMeshTransport({ url: target, ...settings });
  return {
    suppliers: createClient(SupplierService, transport),
    async answer(call) {
      try {
        return await call;
      } catch (thrown) {
        const error = ConnectError.from(thrown);
        if (error.code === Code.InvalidArgument) throw new UsageError(error.rawMessage);
        if (error.code === Code.Unavailable)
          throw new Error(
            `ops-service does not answer at ${target} (${error.rawMessage}); npm start starts it, --ops URL names another address`,
          );
        throw new Error(error.rawMessage);
      }
    },
    [Symbol.dispose]: () => transport.close(),
  };
}
