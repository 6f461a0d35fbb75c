// Worker thread with a telemetry collector. It posts its port. When it receives a state, it closes its
// connections, takes that state and posts its port again.
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/**
 * "healthy" accepts everything; "refusing" has no listener on its port; "silent" accepts connections and
 * never answers.
 */
export type CollectorState = "healthy" | "refusing" | "silent";

let state: CollectorState = workerData;
const sockets = new Set<net.Socket>();
const taking = http.createServer((request, response) => void request.resume().once("end", () => response.end()));
const listener = net.createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  if (state === "healthy") taking.emit("connection", socket);
  else socket.resume();
});

async function listen(port: number): Promise<number> {
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function reject(): Promise<void> {
  const closed = once(listener, "close");
  listener.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

const port = await listen(0);
if (state === "refusing") await reject();
parentPort?.on("message", async (next: CollectorState) => {
  state = next;
  if (listener.listening) await reject();
  if (state !== "refusing") await listen(port);
  parentPort?.postMessage(port);
});
parentPort?.postMessage(port);
