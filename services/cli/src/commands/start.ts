import path from "node:path";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { errorsOf } from "../errors/errors-of.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { firstWeekText } from "../launch/first-week-text.ts";
import { alertsExample, predictExample } from "../launch/predict-example.ts";
import type { ServiceProcess } from "../launch/service-process.ts";
import { signInLink } from "../launch/sign-in-link.ts";
import { type RunningMesh, type StartMeshOptions, startMesh } from "../launch/start-mesh.ts";
import { stopSignals, watchParent } from "../launch/stop-signals.ts";
import { webUrl } from "../launch/web-url.ts";
import { createReport, type Report } from "../output/report.ts";
import { rowsWithoutScore, stateText } from "../weekly/run-text.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../../..");

/** `bellwether start` */
export function startCommand(context: CliContext): Command {
  return new Command("start")
    .option(
      "--weeks <count>",
      "replay this number of past weeks with demo data, 8 to 26: weekly runs with an artificial drift, outcomes, a retrain, and runs with the new version. The demo has its own database and registry, in the folder demo-weeks of the data folder",
      wholeNumber(8, 26),
    )
    .option("--json", "print the URLs as one line of JSON when all services are ready")
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether start\n  OPS_SERVICE_WEB_PORT=0 npx bellwether start   # ops-service and the dashboard use any free port\n  npx bellwether start --weeks 8",
    )
    .action(async (options) => {
      const report = createReport(options);
      const stopping = new AbortController();
      const stop = () => stopping.abort(new Error("stopped while starting"));
      // npm, a launcher and the terminal may each send a signal for a single Ctrl-C. Only the first one has an effect.
      for (const signal of stopSignals()) process.on(signal, stop);
      watchParent(context, stop);
      // The reader of the output has ended, for example because it was killed. The listener of other commands ends this
      // process at once, which would leave the database running.
      for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error").on("error", stop);
      const warn = (text: string) => process.stderr.write(`bellwether: ${text}\n`);
      try {
        const mesh = { repository: REPOSITORY, say: report.line, warn, signal: stopping.signal };
        if (options.weeks === undefined) await runMesh(context, mesh, report);
        else await runLoop(context, mesh, report, options.weeks);
      } catch (error) {
        const others = errorsOf(error).filter((one) => one !== stopping.signal.reason);
        if (others.length > 0) throw others.length === 1 ? others[0] : error;
        warn("stopped while starting");
      }
    });
}

/** Runs all services and replays the weeks of a demo, unless they were replayed before. @throws UsageError for another model than the demo's */
async function runLoop(given: CliContext, options: StartMeshOptions, report: Report, count: number): Promise<void> {
  const { demoLoopContext, prepareDemoLoop } = await import("../launch/demo-loop.ts");
  const context = demoLoopContext(given, REPOSITORY);
  const loop = await prepareDemoLoop(context, REPOSITORY, count, new Date());
  await runMesh(context, { ...options, loopEnv: loop.env }, report, async ({ peers }, signal) => {
    const { replayDemoLoop } = await import("../launch/replay-demo-loop.ts");
    const { publishDemoScorecard } = await import("../launch/demo-scorecard.ts");
    const publishScorecard = () => publishDemoScorecard(context, REPOSITORY);
    await replayDemoLoop(loop, peers, { say: options.say, signal, publishScorecard });
  });
}

/**
 * Runs all services until the user stops them.
 * @param work Called when all services are ready. Its signal aborts when they stop.
 * @throws Error when a service or the database ends by itself
 */
async function runMesh(
  context: CliContext,
  options: StartMeshOptions,
  report: Report,
  work: (mesh: RunningMesh, signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using mesh = await startMesh(context, options);
  const web = {
    isSecure: Boolean(context.env.BELLWETHER_TLS_CERT),
    asksForToken: Boolean(context.env.BELLWETHER_AUTH_JWKS_FILE || context.env.BELLWETHER_AUTH_JWKS_URL),
    link: mesh.hasPage ? await signInLink(context) : null,
  };
  for (const line of readyLines(mesh, web)) report.line(line);
  report.json(readyJson(mesh, web));
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const working = work(mesh, signal).catch((error: unknown) => {
    if (!signal.aborted) options.warn(error instanceof Error ? error.message : String(error));
  });
  const ended = await untilEnd(mesh, options.signal);
  ending.abort();
  await working;
  if (ended !== null) throw new Error(`${ended}; everything else was stopped`);
}

/** Waits for the first end. Returns how a service or the database ended by itself, or null when the user asked for a stop. */
async function untilEnd({ database, ops, ml, scheduler }: RunningMesh, signal: AbortSignal): Promise<string | null> {
  const asked = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  return Promise.race([asked, database.ended, ops.ended, ml.ended, scheduler.ended]);
}

/** How browsers reach the services. */
interface WebAccess {
  /** Whether the listeners use TLS. */
  readonly isSecure: boolean;
  /** Whether the services check tokens. */
  readonly asksForToken: boolean;
  /** Path of a one-time link for signing in. Null: there is none. */
  readonly link: string | null;
}

function readyLines({ ops, ml, scheduler, hasPage, isDemo, peers, week }: RunningMesh, web: WebAccess): string[] {
  const weekText = firstWeekText(week);
  const line = (service: ServiceProcess): string =>
    `${service.name.padEnd(18)} ${webUrl(service, web.isSecure)} (JSON, Connect, gRPC-Web)  localhost:${service.addresses.grpc.port} (gRPC)  http://localhost:${service.addresses.admin.port}/readyz`;
  return [
    ...[ops, ml, scheduler].map(line),
    ...(weekText === "" ? [] : [weekText]),
    "try:",
    predictExample(webUrl(ml, web.isSecure), isDemo ? null : peers.modelName, web.asksForToken),
    alertsExample(webUrl(ops, web.isSecure), web.asksForToken),
    ...(hasPage ? [`dashboard: ${webUrl(ops, web.isSecure)}`] : []),
    ...(web.link === null ? [] : [`sign in (once, within 10 minutes): ${webUrl(ops, web.isSecure)}${web.link}`]),
    "Ctrl-C stops everything.",
  ];
}

function readyJson({ ops, ml, scheduler, hasPage, week: { run } }: RunningMesh, web: WebAccess) {
  const listeners = (service: ServiceProcess) => ({
    web: webUrl(service, web.isSecure),
    grpc: `localhost:${service.addresses.grpc.port}`,
    admin: `http://localhost:${service.addresses.admin.port}`,
  });
  return {
    ops_service: listeners(ops),
    ml_service: listeners(ml),
    scheduler_service: listeners(scheduler),
    dashboard: hasPage ? webUrl(ops, web.isSecure) : null,
    ...(web.link !== null && { sign_in_link: `${webUrl(ops, web.isSecure)}${web.link}` }),
    weekly_run: run && {
      iso_week: run.isoWeek,
      state: stateText(run.state),
      rows_read: Number(run.rowsRead ?? 0),
      rows_scored: Number(run.rowsScored),
      rows_without_score: rowsWithoutScore(run),
      rows_rejected: Number(run.rowsRejected),
      alerts_raised: run.alertsRaised,
    },
  };
}
