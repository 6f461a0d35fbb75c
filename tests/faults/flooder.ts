// Worker thread that floods a port, so that the flood does not delay the clock of the honest client.
// workerData is a FloodOrder.
import net from "node:net";
import tls from "node:tls";
import { parentPort, workerData } from "node:worker_threads";
import { continuations, HELLO, pings, resets, settings } from "@bellwether/testing/http2/flood-frames";

export type FloodKind = "reset" | "CONTINUATION" | "SETTINGS" | "PING";

/** What the thread sends, and where. */
export interface FloodOrder {
  readonly kind: FloodKind;
  readonly port: number;
  /** PEM text of the authority of the server's certificate; left out: no TLS. */
  readonly ca?: string;
  readonly seconds: number;
}

const CONNECTIONS = 4;
/** Number of frames per write: a few KiB, so that the flood is as dense as the socket accepts. */
const BATCH = 64;

/** The next bytes of a flooding connection; `round` counts from 0 on each connection. */
const FLOODS: Readonly<Record<FloodKind, (round: number) => Buffer>> = {
  reset: (round) => resets(1 + 2 * BATCH * round, BATCH),
  CONTINUATION: (round) => continuations(round === 0, BATCH),
  SETTINGS: () => settings(BATCH),
  PING: () => pings(BATCH),
};

const order: FloodOrder = workerData;
const end = performance.now() + order.seconds * 1_000;
const batches = await Promise.all(Array.from({ length: CONNECTIONS }, keepFlooding));
parentPort?.postMessage(batches.reduce((sum, n) => sum + n, 0) * BATCH);

/**
 * Floods one connection after the other, because a server that defends itself closes them. Returns the number
 * of batches sent.
 */
async function keepFlooding(): Promise<number> {
  let sent = 0;
  while (performance.now() < end) {
    const socket = connect();
    socket.on("error", () => socket.destroy());
    socket.resume();
    socket.write(HELLO);
    for (let round = 0; performance.now() < end && !socket.destroyed; round++) {
      const space = socket.write(FLOODS[order.kind](round));
      sent++;
      await (space ? turn() : roomOrClosed(socket));
    }
    socket.destroy();
    await turn();
  }
  return sent;
}

function connect(): net.Socket {
  const { port, ca } = order;
  if (ca === undefined) return net.connect(port, "127.0.0.1");
  return tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca, ALPNProtocols: ["h2"] });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function roomOrClosed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off("drain", done).off("close", done);
      resolve();
    };
    const timer = setTimeout(done, 250);
    socket.once("drain", done).once("close", done);
  });
}
