// Floods a port from a thread of its own, so that the honest client's clock is not the flooder's: workerData is a FloodOrder.
import net from "node:net";
import tls from "node:tls";
import { parentPort, workerData } from "node:worker_threads";
import { continuations, HELLO, pings, resets, settings } from "@bellwether/testing/http2/flood-frames";

export type FloodKind = "reset" | "CONTINUATION" | "SETTINGS" | "PING";

/** What to send where. */
export interface FloodOrder {
  readonly kind: FloodKind;
  readonly port: number;
  /** Authority of the server's certificate; left out: clear text. */
  readonly ca?: string;
  readonly seconds: number;
}

const CONNECTIONS = 4;
/** Frames per write: some kilobytes, so that the flood is as dense as the socket takes it. */
const BATCH = 64;

/** What a flooding connection sends next; `round` counts from 0 on each connection. */
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

/** Floods over one connection after the other: a server that defends itself closes them. Gives the batches sent. */
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
