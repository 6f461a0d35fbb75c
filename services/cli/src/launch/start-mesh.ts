import path from "node:path";
import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { readEnv } from "@bellwether/env/env";
import { Secret } from "@bellwether/env/secret";
import { sharedEnv } from "@bellwether/env/shared-env";
import { makeDataFolder } from "@bellwether/files/data-folder";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import { serviceRoleUrl } from "@bellwether/postgres/embedded/service-role-url";
import { ConnectError } from "@connectrpc/connect";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { buildPage } from "./build-page.ts";
import { checkStores } from "./check-stores.ts";
import { demoWeek, ensureDemoModel } from "./demo-model.ts";
import { refreshDemoWeek } from "./demo-week.ts";
import type { FirstWeek, FirstWeekPeers } from "./first-week.ts";
import { meshEnv } from "./mesh-env.ts";
import { noInputText } from "./no-input-text.ts";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";
import { takeStartLock } from "./start-lock.ts";
import { chooseModel, noWeeklyRunText, type StartModel } from "./start-model.ts";
import { type StartedDatabase, superviseDatabase } from "./supervise-database.ts";
import { superviseService } from "./supervise-service.ts";

/** All services and the database, running on this machine. */
export interface RunningMesh extends AsyncDisposable {
  readonly database: StartedDatabase;
  readonly ops: ServiceProcess;
  readonly ml: ServiceProcess;
  readonly scheduler: ServiceProcess;
  /** Whether ops-service serves the dashboard. */
  readonly hasPage: boolean;
  /** Whether the served model is the one of the demo. */
  readonly isDemo: boolean;
  /** The latest weekly run. Its `run` is null when there is none and the first one failed. */
  readonly week: FirstWeek;
  /** How the services are called. */
  readonly peers: FirstWeekPeers;
}

export interface StartMeshOptions {
  /** Folder of the repository, with `config/` and the dashboard. */
  readonly repository: string;
  say(text: string): void;
  /** Called with one line when a service has ended and is started again. */
  warn(text: string): void;
  /** Aborts `startMesh` before all services are ready. */
  readonly signal: AbortSignal;
  /** Variables of the services besides those of the environment. With them, no first weekly run is made. Default: none. */
  readonly loopEnv?: Readonly<Record<string, string>>;
}

/**
 * Starts everything on one machine: a database, a first model, the dashboard, the three services, and a
 * weekly run if there is none. Files that a killed `bellwether start` left behind are used. A service or an
 * embedded database that ends by itself is started again. Disposal is in the opposite order.
 * @throws EnvError, PortTakenError, StartedAlreadyError, StorageError, ServiceStartError, each in one line
 */
export async function startMesh(context: CliContext, options: StartMeshOptions): Promise<RunningMesh> {
  const { say, warn, signal } = options;
  await using starting = new AsyncDisposableStack();
  const data = dataFolder(context);
  await makeDataFolder(data);
  starting.use(await takeStartLock(path.join(data, "start.lock"), context));
  const model = await chooseModel(context, options.repository);
  const peers = await meshEnv(context.env);
  await checkStores(context.env);

  const given = context.env.DATABASE_URL ? new Secret(context.env.DATABASE_URL) : null;
  const opening = superviseDatabase(given, data, { say: warn }, signal).then((opened) => starting.use(opened));
  const [database, page, demo] = await settled([
    opening,
    pageOrNone(context, options),
    ensureDemoModel(context, model, say),
  ]);
  signal.throwIfAborted();

  const env = {
    // The demo's weekly file, unless the user's environment names another folder.
    ...(demo !== null && { WEEKLY_INPUT_FOLDER: demo }),
    BELLWETHER_LOG_LEVEL: "warn",
    // Node stores compiled code here. From the second start of the mesh on, the services load in two thirds
    // of the time.
    NODE_COMPILE_CACHE: path.join(data, "compile-cache"),
    ...(page !== null && { OPS_SERVICE_DASHBOARD: page }),
    ...withoutEmpty(context.env),
    ...options.loopEnv,
    ...peers,
    BELLWETHER_MODEL: model.name,
    DATABASE_URL: database.url,
    BELLWETHER_DATA_DIR: data,
  };
  // The role of ops-service in the embedded server can only append to the audit log.
  const ofOps = given === null ? { DATABASE_URL: serviceRoleUrl(database.url), DATABASE_OWNER_URL: database.url } : {};
  const launch = (name: string) =>
    superviseService(
      (stopped) => {
        const own = name === "ops-service" ? ofOps : {};
        return startServiceProcess(
          name,
          { env: { ...env, ...own }, cwd: context.cwd },
          AbortSignal.any([signal, stopped]),
          warn,
        );
      },
      { say: warn },
    );
  const mlFirst = launch("ml-service");
  // Loading a service takes one core: scheduler-service starts when ml-service has started.
  const launches = [launch("ops-service"), mlFirst, mlFirst.then(() => launch("scheduler-service"))] as const;
  // The gRPC client is loaded while the services start.
  const firstWeek = import("./first-week.ts");
  const outcomes = await Promise.allSettled(launches);
  // On disposal, the scheduler stops first and ops-service last, so that ops-service receives the last audit
  // events of the others.
  for (const outcome of outcomes) if (outcome.status === "fulfilled") starting.use(outcome.value);
  const [ops, ml, scheduler] = await settled(launches);

  const now = new Date();
  const hasOwnFile = demo === null || Boolean(context.env.WEEKLY_INPUT_FOLDER);
  const isoWeek = hasOwnFile ? newestIsoWeek(now) : demoWeek(context, now);
  const week =
    options.loopEnv === undefined
      ? await firstRun({ model, isoWeek }, context, peers, await firstWeek, options)
      : NO_WEEK;
  const { run } = week;
  if (demo !== null && run?.state === RunState.COMPLETE)
    await refreshDemoWeek(demo, run.isoWeek, newestIsoWeek(new Date()));
  const started = starting.move();
  return {
    database,
    ops,
    ml,
    scheduler,
    hasPage: page !== null,
    isDemo: model.isDemo,
    ...{ week, peers: peersOf(model, context, peers) },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Returns how the services are called. @param urls of the peers, by variable */
function peersOf(model: StartModel, context: CliContext, urls: Readonly<Record<string, string>>): FirstWeekPeers {
  const calls = peerSettings(readEnv(context.env, serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 })));
  const { OPS_SERVICE_URL: opsUrl = "", SCHEDULER_SERVICE_URL: schedulerUrl = "" } = urls;
  return { opsUrl, schedulerUrl, modelName: model.name, calls };
}

const NO_WEEK: FirstWeek = { run: null, wasComplete: false };

/** Makes the first weekly run, or says in one line why there is none. */
async function firstRun(
  { model, isoWeek }: { readonly model: StartModel; readonly isoWeek: string },
  context: CliContext,
  urls: Readonly<Record<string, string>>,
  { ensureWeek }: typeof import("./first-week.ts"),
  { say, signal }: StartMeshOptions,
): Promise<FirstWeek> {
  const { modelConfig } = readEnv(context.env, { modelConfig: sharedEnv.modelConfig });
  const problem = noWeeklyRunText(model, modelConfig);
  if (problem !== "") {
    say(`no weekly run: ${problem}`);
    return NO_WEEK;
  }
  return await ensureWeek(isoWeek, peersOf(model, context, urls), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    say(`no complete weekly run: ${whyNoRun(error, context, urls)}`);
    return NO_WEEK;
  });
}

/** Waits for all promises, so that no work continues after a failure, then throws the first failure. */
async function settled<T extends readonly unknown[]>(work: readonly [...{ [K in keyof T]: Promise<T[K]> }]) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * Returns the message for a first weekly run that failed. When the user's own model has no weekly file, the
 * message states where it is looked for, and how to name another one.
 */
function whyNoRun(error: unknown, context: CliContext, urls: Readonly<Record<string, string>>): string {
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  if (!error.findDetails(ErrorInfoSchema).some(({ reason }) => reason === "INPUT_NOT_FOUND")) return error.rawMessage;
  return noInputText(context, urls, newestIsoWeek(new Date()));
}

/** Builds the dashboard. If that fails, the mesh starts without a dashboard. */
async function pageOrNone({ env }: CliContext, { repository, say, signal }: StartMeshOptions): Promise<string | null> {
  try {
    const page = await buildPage(repository, env, signal);
    if (page === null)
      say("no dashboard: it was never built, and Vite, which builds it, is not installed (npm ci installs it)");
    return page;
  } catch (error) {
    signal.throwIfAborted();
    say(`no dashboard: ${error instanceof Error ? error.message.trim() : String(error)}`);
    return null;
  }
}

function withoutEmpty(env: CliContext["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
