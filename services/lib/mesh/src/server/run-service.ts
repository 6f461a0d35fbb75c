import { type EnvOf, type EnvReader, type EnvSource, env, readEnv } from "@bellwether/env/env";
import { unknownVariables } from "@bellwether/env/variable-names";
import { createLogger, type Logger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry, type Telemetry } from "@bellwether/telemetry/start-telemetry";
import { runUntilStopped } from "./run-until-stopped.ts";
import { type ServerEnv, serverEnv, serverSettings } from "./server-env.ts";
import type { RunningServer, ServerOptions } from "./start-server.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
const LOGGING = { level: env.choice("BELLWETHER_LOG_LEVEL", LEVELS, "info") };

type EnvShape = Readonly<Record<string, EnvReader<unknown>>>;

/** A service that runs as a process. */
export interface ServiceSpec<S extends EnvShape> {
  /**
   * Name of the service, for example "ml-service"; the names of its port variables then begin with
   * "ML_SERVICE_".
   */
  readonly name: string;
  readonly version: string;
  /** Ports that are used when the environment sets none. */
  readonly ports: ServerOptions["ports"];
  /** Readers of the service's own variables, in addition to those of every server and BELLWETHER_LOG_LEVEL. */
  readonly shape: S;
  /**
   * Starts the service. It must put everything that it opens besides the server onto `opened`; then a start
   * that throws leaves nothing open.
   */
  readonly start: (config: EnvOf<S> & ServerEnv, parts: ServiceParts) => Promise<RunningServer>;
}

/** What `runService` provides to a service's `start`. */
export interface ServiceParts {
  /** Address, TLS, authentication and limits, for `startServer`. */
  readonly settings: Awaited<ReturnType<typeof serverSettings>>;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** All variables of the process, for those that a configuration file names. */
  readonly source: EnvSource;
  /** Closed in reverse order after the service has stopped, or when `start` throws. */
  readonly opened: AsyncDisposableStack;
}

/**
 * Reads the environment, starts telemetry and the service, and runs it until the process must end.
 * @returns the exit code: 0 after a normal end, 1 after a failed start or stop, whose error is printed
 */
export async function runService<S extends EnvShape>(spec: ServiceSpec<S>, source: EnvSource): Promise<number> {
  const { name, version, ports, shape, start } = spec;
  return runUntilStopped(async (opened) => {
    const common = { ...serverEnv(name.toUpperCase().replaceAll("-", "_"), ports), ...LOGGING };
    const config = readEnv(source, { ...common, ...shape }) as EnvOf<typeof common> & EnvOf<S>;
    const settings = await serverSettings(config);
    const otel = { serviceName: name, serviceVersion: version, settings: readOtelSettings(source) };
    const telemetry = opened.use(await startTelemetry(otel));
    const logger = createLogger({ name, level: config.level });
    // The key "name" of a line is that of the service.
    for (const { name: variable, nearest } of unknownVariables(source))
      logger.warn(
        { variable, nearest },
        "the environment sets a variable that no program reads; correct its name or remove it",
      );
    return opened.use(await start(config, { settings, logger, telemetry, source, opened }));
  });
}
