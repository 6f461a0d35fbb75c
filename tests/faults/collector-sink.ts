// Two collectors in a thread of their own: one that takes everything, one that accepts and never answers. Tells their ports.
import { once } from "node:events";
import http from "node:http";
import net, { type Server } from "node:net";
import { parentPort } from "node:worker_threads";

/** Ports on the loopback; nothing listens at `refusing`. */
export interface CollectorPorts {
  readonly healthy: number;
  readonly silent: number;
  readonly refusing: number;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

const closed = net.createServer();
const refusing = await listen(closed);
closed.close();
const healthy = await listen(
  http.createServer((request, response) => void request.resume().once("end", () => response.end())),
);
const silent = await listen(net.createServer((socket) => void socket.resume().on("error", () => socket.destroy())));
parentPort?.postMessage({ healthy, silent, refusing } satisfies CollectorPorts);
