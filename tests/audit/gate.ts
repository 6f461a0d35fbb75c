import { once } from "node:events";
import net from "node:net";

/**
 * A TCP port in front of a server. While it is closed, it accepts connections and never answers. After it is
 * opened, it forwards new connections to another port.
 */
export interface Gate extends AsyncDisposable {
  readonly url: string;
  /** Opens the gate: ends the waiting connections and forwards new ones to a URL on the loopback. */
  openTo(url: string): void;
}

/** Opens a TCP port that accepts connections and never answers, until `openTo` is called. */
export async function startGate(): Promise<Gate> {
  const sockets = new Set<net.Socket>();
  let target: number | undefined;
  const server = net.createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    if (target === undefined) return;
    const forwarded = net.connect(target, "127.0.0.1").on("error", () => socket.destroy());
    socket.pipe(forwarded).pipe(socket);
    socket.once("close", () => forwarded.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    openTo(url) {
      target = Number(new URL(url).port);
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
