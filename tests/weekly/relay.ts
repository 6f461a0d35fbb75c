import { once } from "node:events";
import net from "node:net";
import { type ServiceName, type ServiceProcess, startService } from "@bellwether/testing/service-process";

/** A service behind a relay on a constant port, so that it may be killed and started again. */
export interface RelayedService extends AsyncDisposable {
  /** URL of the relay, which peers use for the service's gRPC listener. */
  readonly url: string;
  /** The process that serves now, or the one that was killed last. */
  readonly now: ServiceProcess;
  restart(): Promise<void>;
  /** Called with the size of each piece of data sent to the service, in bytes. */
  onBytes: (bytes: number) => void;
}

/** Starts a service behind a relay on a free port. */
export async function startRelayed(name: ServiceName, env: Readonly<Record<string, string>>): Promise<RelayedService> {
  let now = await startService(name, env);
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const { hostname, port } = new URL(now.grpc);
    const service = net.connect({ host: hostname, port: Number(port) });
    for (const [socket, other] of [[client, service] as const, [service, client] as const]) {
      open.add(socket);
      // When one side closes, the other side is closed too. The error itself does not matter.
      socket
        .on("error", () => {})
        .once("close", () => {
          open.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
    client.on("data", (piece) => relayed.onBytes(piece.length));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const relayed: RelayedService = {
    url: `http://127.0.0.1:${port}`,
    get now() {
      return now;
    },
    async restart() {
      now = await startService(name, env);
    },
    onBytes: () => {},
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
      await now.stop();
    },
  };
  return relayed;
}
