import path from "node:path";
import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { readEnv } from "@bellwether/env/env";
import { Secret } from "@bellwether/env/secret";
import { makeDataFolder } from "@bellwether/files/data-folder";
import { takeProcessLock } from "@bellwether/files/process-lock";
import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import { ConnectError } from "@connectrpc/connect";
import { type CliContext, dataFolder, defaultModel } from "../context/cli-context.ts";
import { buildPage } from "./build-page.ts";
import { checkStores } from "./check-stores.ts";
import { DEMO_WEEK, ensureDemoModel } from "./demo-model.ts";
import { meshEnv } from "./mesh-env.ts";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";
import { type StartedDatabase, superviseDatabase } from "./supervise-database.ts";
import { superviseService } from "./supervise-service.ts";

/** The whole mesh on this machine. */
export interface RunningMesh extends AsyncDisposable {
  readonly database: StartedDatabase;
  readonly ops: ServiceProcess;
  readonly ml: ServiceProcess;
  readonly scheduler: ServiceProcess;
  /** Whether ops-service serves the page. */
  readonly hasPage: boolean;
  /** The latest weekly run; null when there is none and none could be done. */
  readonly run: BatchRun | null;
}

/** What the start is told and tells. */
export interface StartMeshOptions {
  /** The checkout, with `config/` and the dashboard. */
  readonly repository: string;
  say(text: string): void;
  /** Says what went wrong with a service that is started again. */
  warn(text: string): void;
  /** Ends the start in the middle. */
  readonly signal: AbortSignal;
}

/**
 * Starts everything on one machine: a database, a first model, the page, the three services, and one weekly run when there was none. What a
 * killed start left is taken up; a service or an embedded database that ends by itself is started again. Disposed of in the opposite order.
 * @throws EnvError, PortTakenError, ProcessLockedError, StorageError, ServiceStartError, each in one clear line
 */
export async function startMesh(context: CliContext, options: StartMeshOptions): Promise<RunningMesh> {
  const { say, warn, signal } = options;
  await using starting = new AsyncDisposableStack();
  const data = dataFolder(context);
  await makeDataFolder(data);
  starting.use(await takeProcessLock(path.join(data, "start.lock")));
  const peers = await meshEnv(context.env);
  await checkStores(context.env);

  const given = context.env.DATABASE_URL ? new Secret(context.env.DATABASE_URL) : null;
  const opening = superviseDatabase(given, data, { say: warn }, signal).then((opened) => starting.use(opened));
  const [database, page, demo] = await settled([opening, pageOrNone(options), ensureDemoModel(context, say)]);
  signal.throwIfAborted();

  const env = {
    // The demo's weekly file, unless another place is named.
    ...(demo !== null && { WEEKLY_INPUT_FOLDER: demo }),
    BELLWETHER_LOG_LEVEL: "warn",
    // A third less time to load from the second start on.
    NODE_COMPILE_CACHE: path.join(data, "compile-cache"),
    ...(page !== null && { OPS_SERVICE_DASHBOARD: page }),
    ...withoutEmpty(context.env),
    ...peers,
    DATABASE_URL: database.url,
    BELLWETHER_DATA_DIR: data,
  };
  const launch = (name: string) =>
    superviseService(
      (stopped) => startServiceProcess(name, { env, cwd: context.cwd }, AbortSignal.any([signal, stopped])),
      { say: warn },
    );
  const mlFirst = launch("ml-service");
  // Loading takes a core each: the third begins when the quickest is done.
  const begun = [launch("ops-service"), mlFirst, mlFirst.then(() => launch("scheduler-service"))] as const;
  // What calls the services is loaded while they load.
  const firstWeek = import("./first-week.ts");
  const outcomes = await Promise.allSettled(begun);
  // The scheduler stops first and ops-service last: what the others have left to tell still finds it.
  for (const outcome of outcomes) if (outcome.status === "fulfilled") starting.use(outcome.value);
  const [ops, ml, scheduler] = await settled(begun);

  const { ensureWeek } = await firstWeek;
  const run = await ensureWeek(
    earlierWeek(DEMO_WEEK, newestIsoWeek(new Date())),
    {
      opsUrl: peers.OPS_SERVICE_URL ?? "",
      modelName: defaultModel(context),
      schedulerUrl: peers.SCHEDULER_SERVICE_URL ?? "",
      calls: peerSettings(readEnv(context.env, serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 }))),
    },
    signal,
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    say(`no weekly run yet: ${whyNoRun(error)}`);
    return null;
  });
  const started = starting.move();
  return {
    database,
    ops,
    ml,
    scheduler,
    hasPage: page !== null,
    run,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Waits for all, so that nothing is left running behind a failure, and throws the first failure. */
async function settled<T extends readonly unknown[]>(work: readonly [...{ [K in keyof T]: Promise<T[K]> }]) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Own models come without a weekly file: that is said with what to do. */
function whyNoRun(error: unknown): string {
  if (error instanceof ConnectError) {
    if (!error.findDetails(ErrorInfoSchema).some(({ reason }) => reason === "INPUT_NOT_FOUND")) return error.rawMessage;
    const week = newestIsoWeek(new Date());
    return `${error.rawMessage}. Start with WEEKLY_INPUT_FOLDER set to the folder that has the file, or, while this runs: npx bellwether weekly run --week ${week} --input FILE`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** A page that cannot be built is no reason not to start. */
async function pageOrNone({ repository, say, signal }: StartMeshOptions): Promise<string | null> {
  try {
    const page = await buildPage(repository, signal);
    if (page === null) say("no dashboard: it was not built, and its builder is not installed");
    return page;
  } catch (error) {
    signal.throwIfAborted();
    say(`no dashboard: ${error instanceof Error ? error.message.trim() : String(error)}`);
    return null;
  }
}

/** A clock that is behind the demo's week: the demo is run as the present one, a week that has not begun would be rejected. */
const earlierWeek = (a: string, b: string): string => (a < b ? a : b);

function withoutEmpty(env: CliContext["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
