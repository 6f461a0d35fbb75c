import { once } from "node:events";
import net from "node:net";

/** A port in front of a server whose traffic can be paused or cut. */
export interface TcpRelay extends AsyncDisposable {
  /** The server's URL with the relay's port. */
  readonly url: string;
  /** Number of connections ever accepted, and of those that are open. */
  opened(): number;
  open(): number;
  /** Number of chunks received from clients. */
  asked(): number;
  /** Accepts connections and bytes, but forwards nothing until it is resumed; neither side is notified. */
  hold(held: boolean): void;
  /** Cuts every connection and accepts no new ones. */
  away(): Promise<void>;
  /** Accepts connections again. */
  back(): Promise<void>;
}

/** Starts a relay on a free port in front of the server of `url`. */
export async function startTcpRelay(url: string): Promise<TcpRelay> {
  const shown = new URL(url);
  const { hostname: host, port: target } = new URL(url);
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  let opened = 0;
  let asked = 0;
  let isHeld = false;
  const pass = (from: net.Socket, to: net.Socket): void => {
    from.on("error", () => {}).once("close", () => to.destroy());
    from.on("data", (bytes) => to.write(bytes));
    if (isHeld) from.pause();
  };
  const listener = net.createServer((client) => {
    opened++;
    const pair = [client, net.connect(Number(target), host)] as const;
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    pass(pair[0], pair[1]);
    pass(pair[1], pair[0]);
    client.on("data", () => asked++);
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
    opened: () => opened,
    open: () => pairs.size,
    asked: () => asked,
    hold(held) {
      isHeld = held;
      for (const socket of [...pairs].flat()) held ? socket.pause() : socket.resume();
    },
    async away() {
      const closed = once(listener, "close");
      listener.close();
      cut();
      await closed;
    },
    back: () => listen(port),
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
    },
  };
}
