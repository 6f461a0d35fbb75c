import { once } from "node:events";
import net from "node:net";

/** A port in front of a server whose traffic can be paused or cut. */
export interface TcpRelay extends AsyncDisposable {
  /** The server's URL with the relay's port. */
  readonly url: string;
  /**
   * Returns the number of connections that were accepted since the start of the relay. `connectionsOpen`
   * returns the number of those that are open.
   */
  connectionsAccepted(): number;
  connectionsOpen(): number;
  /** Returns the number of chunks received from clients. */
  chunksReceived(): number;
  /** Accepts connections and bytes, but forwards nothing until it is resumed; neither side is notified. */
  setPaused(isPaused: boolean): void;
  /** Cuts every connection and accepts no new ones. */
  disconnect(): Promise<void>;
  /** Accepts connections again. */
  reconnect(): Promise<void>;
}

/** Starts a relay on a free port in front of the server of `url`. */
export async function startTcpRelay(url: string): Promise<TcpRelay> {
  const shown = new URL(url);
  const { hostname: host, port: target } = new URL(url);
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  let connectionsAccepted = 0;
  let chunksReceived = 0;
  let isStopped = false;
  const pass = (from: net.Socket, to: net.Socket): void => {
    from.on("error", () => {}).once("close", () => to.destroy());
    from.on("data", (bytes) => to.write(bytes));
    if (isStopped) from.pause();
  };
  const listener = net.createServer((client) => {
    connectionsAccepted++;
    const pair = [client, net.connect(Number(target), host)] as const;
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    pass(pair[0], pair[1]);
    pass(pair[1], pair[0]);
    client.on("data", () => chunksReceived++);
  });
  const listen = async (port: number): Promise<void> => {
    listener.listen(port, "127.0.0.1");
    await once(listener, "listening");
  };
  await listen(0);
  const address = listener.address();
  const port = typeof address === "object" && address ? address.port : 0;
  shown.port = String(port);
  const cut = (): void => {
    for (const [client] of pairs) client.destroy();
  };
  return {
    url: shown.href,
    connectionsAccepted: () => connectionsAccepted,
    connectionsOpen: () => pairs.size,
    chunksReceived: () => chunksReceived,
    setPaused(isPaused) {
      isStopped = isPaused;
      for (const socket of [...pairs].flat()) isPaused ? socket.pause() : socket.resume();
    },
    async disconnect() {
      const closed = once(listener, "close");
      listener.close();
      cut();
      await closed;
    },
    reconnect: () => listen(port),
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
    },
  };
}
