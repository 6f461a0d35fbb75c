import { randomInt } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { type EnvSource, readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { ListenError } from "@bellwether/mesh/listener/listen";
import { serverEnv } from "@bellwether/mesh/server/server-env";

/** A port on which a service is to listen is in use. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError" as const;

  constructor(variable: string, port: number) {
    super(
      `port ${port} is taken: stop the program that uses it, or set ${variable} to another port (0 = any free port)`,
    );
  }
}

/** Two listeners have the same port. */
export class SamePortError extends Error {
  override readonly name = "SamePortError" as const;

  constructor(first: string, second: string, port: number) {
    super(`${first} and ${second} are both ${port}: set one to another port (0 = any free port)`);
  }
}

/** Variables that the services read, besides those of their servers: an invalid one is named before anything starts. */
const { mlUrl, opsUrl, schedulerUrl, scoringThreads } = sharedEnv;
const CHECKED = { mlUrl, opsUrl, schedulerUrl, scoringThreads };

/**
 * Chooses the variables with which the services of one machine find each other: all ports, each checked to be
 * free, and the URL of each peer.
 * @throws EnvError with all violations, PortTakenError, SamePortError, ListenError
 */
export async function meshEnv(given: EnvSource): Promise<Record<string, string>> {
  const chosen: Record<string, string> = {};
  const held: net.Server[] = [];
  readEnv(given, CHECKED);
  const variables = new Map<number, string>();
  try {
    for (const [prefix, ports] of Object.entries(DEFAULT_PORTS)) {
      const read = readEnv(given, serverEnv(prefix, ports));
      for (const [listener, wanted] of Object.entries({
        GRPC: read.grpcPort,
        WEB: read.webPort,
        ADMIN: read.adminPort,
      })) {
        const variable = `${prefix}_${listener}_PORT`;
        const other = variables.get(wanted);
        if (other !== undefined) throw new SamePortError(other, variable, wanted);
        if (wanted !== 0) variables.set(wanted, variable);
        const probe = await holdPort(read.host, variable, wanted);
        held.push(probe);
        const address = probe.address();
        chosen[variable] = String(typeof address === "object" && address ? address.port : wanted);
      }
      const scheme = read.tlsCert === null ? "http" : "https";
      chosen[`${prefix}_URL`] = given[`${prefix}_URL`] || `${scheme}://localhost:${chosen[`${prefix}_GRPC_PORT`]}`;
    }
  } finally {
    for (const probe of held) probe.close();
  }
  return chosen;
}

/**
 * Range in which free ports are searched. It is below the ephemeral ports, which systems use for outgoing
 * connections: a port that is free here is still free when the service listens on it seconds later.
 */
const FREE_PORTS = { from: 20_000, to: 32_768 };
const TRIES = 20;

/**
 * Listens on a port until the server is closed, so that no one else takes it. 0 = any free port.
 * @throws PortTakenError, ListenError
 */
async function holdPort(host: string, variable: string, port: number): Promise<net.Server> {
  if (port !== 0) return listenOn(host, variable, port);
  for (let left = TRIES; left > 0; left--) {
    try {
      return await listenOn(host, variable, randomInt(FREE_PORTS.from, FREE_PORTS.to));
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
    }
  }
  return listenOn(host, variable, 0);
}

async function listenOn(host: string, variable: string, port: number): Promise<net.Server> {
  const probe = net.createServer();
  try {
    probe.listen({ host, port });
    await once(probe, "listening");
    return probe;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw new PortTakenError(variable, port);
    throw new ListenError(variable, { host, port }, error);
  }
}
