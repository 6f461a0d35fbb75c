import net from "node:net";

/** Default ports of the listeners of the three services. Key: the environment variable that sets the port. */
export const PORTS: Readonly<Record<string, number>> = {
  OPS_SERVICE_WEB_PORT: 8080,
  OPS_SERVICE_GRPC_PORT: 9080,
  OPS_SERVICE_ADMIN_PORT: 9480,
  ML_SERVICE_WEB_PORT: 8081,
  ML_SERVICE_GRPC_PORT: 9081,
  ML_SERVICE_ADMIN_PORT: 9481,
  SCHEDULER_SERVICE_WEB_PORT: 8082,
  SCHEDULER_SERVICE_GRPC_PORT: 9082,
  SCHEDULER_SERVICE_ADMIN_PORT: 9482,
};

/** Returns the default ports when all nine are free; otherwise nine other free ports. */
export async function choosePorts(): Promise<Readonly<Record<string, number>>> {
  const held = await Promise.all(Object.values(PORTS).map(hold));
  const isFree = held.every((server) => server !== null);
  await Promise.all(held.map(release));
  if (isFree) return PORTS;
  // All nine ports are open at the same time, so that no port is returned twice.
  const others = await Promise.all(Object.keys(PORTS).map(() => hold(0)));
  const ports = Object.keys(PORTS).map((name, index) => [name, portOf(others[index] ?? null)] as const);
  await Promise.all(others.map(release));
  return Object.fromEntries(ports);
}

const hold = (port: number): Promise<net.Server | null> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
const release = (server: net.Server | null): Promise<void> =>
  new Promise((resolve) => (server === null ? resolve() : server.close(() => resolve())));

function portOf(server: net.Server | null): number {
  const address = server?.address();
  if (typeof address !== "object" || address === null) throw new Error("no free port on 127.0.0.1");
  return address.port;
}
