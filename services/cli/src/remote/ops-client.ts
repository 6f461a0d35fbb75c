import { readEnv } from "@bellwether/env/env";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { printable } from "../output/printable.ts";
import { OPS_PEER, peerUrl } from "./peer-url.ts";

/** Access to one service of ops-service. */
export interface OpsClient<S extends DescService> extends Disposable {
  readonly client: Client<S>;
  /** Awaits the answer of a call. @throws an error for a person, with the ConnectError as its cause */
  answer<T>(call: Promise<T>): Promise<T>;
}

/**
 * Opens a connection to ops-service, with the token of BELLWETHER_TOKEN_FILE.
 * @param url from --ops; undefined: from the environment
 */
export function openOps<S extends DescService>(context: CliContext, url: string | undefined, service: S): OpsClient<S> {
  const target = peerUrl(OPS_PEER, url, context);
  const settings = peerSettings(readEnv(context.env, serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 })));
  const transport = createMeshTransport({ url: target, ...settings });
  return {
    client: createClient(service, transport),
    async answer(call) {
      try {
        return await call;
      } catch (cause) {
        const error = ConnectError.from(cause);
        const message = printable(error.rawMessage);
        if (error.code === Code.InvalidArgument) throw new UsageError(message, { cause });
        if (error.code === Code.Unavailable)
          throw new Error(
            `ops-service does not answer at ${target} (${message}); npm start starts it, --ops URL names another address`,
            { cause },
          );
        throw new Error(message, { cause });
      }
    },
    [Symbol.dispose]: () => transport.close(),
  };
}
