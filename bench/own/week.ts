import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { isFutureWeek, isoWeekNumber, isoWeekOfNumber, newestIsoWeek } from "@bellwether/contract/iso-week";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  ScheduleService,
  type WatchProgressResponse,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { createClient } from "@connectrpc/connect";
import { type StartedMesh, startFolder } from "../../tests/start/started-mesh.ts";
import { type BenchContext, type Metric, metric } from "../metric.ts";

/** Size of the demo data of the week. */
export interface WeekSize {
  readonly suppliers: number;
  readonly transactions: number;
}

/**
 * Measures one weekly run through the started mesh, from the trigger to the report: time, and peak memory of
 * each process.
 */
export async function measureWeek({ suppliers, transactions }: WeekSize, { log }: BenchContext): Promise<Metric[]> {
  await using folder = await startFolder();
  const data = path.join(folder.path, "weekly");
  log(`writing ${suppliers} suppliers`);
  // A commit that is compared with this one can be older than the name "--output".
  const { stdout: help } = await folder.run(["demo", "--help"]);
  const output = help.includes("--output ") ? "--output" : "--out";
  const writeWeek = async (week: string): Promise<void> => {
    const counts = ["--suppliers", String(suppliers), "--transactions", String(transactions), "--week", week];
    const demo = await folder.run(["demo", ...counts, output, data]);
    if (demo.code !== 0) throw new Error(demo.stderr);
  };
  await writeWeek(newestIsoWeek(new Date()));
  log("starting the mesh");
  const mesh = await folder.start({ WEEKLY_INPUT_FOLDER: data });
  const week = weekAfter(mesh.started.weekly_run?.iso_week);
  // The content of a week that is complete would be held in another week.
  await writeWeek(week);
  try {
    const processes = await processesBelow(mesh.pid);
    const before = new Map<string, number>();
    for (const [name, pid] of processes) {
      await forgetPeak(pid);
      before.set(name, await processorSeconds(pid));
    }
    log("running the week");
    const began = performance.now();
    const last = await runWeek(mesh, week);
    const seconds = (performance.now() - began) / 1000;
    if (last?.state !== RunState.COMPLETE) throw new Error(`the run did not complete: ${last?.failure}`);
    return [
      metric({ name: "weekly.seconds", value: seconds, unit: `s for ${suppliers} suppliers`, better: "lower" }),
      metric({ name: "weekly.rows", value: Number(last.rowsScored), unit: "rows", better: "higher" }),
      ...(await Promise.all(
        [...processes].map(async ([name, pid]) =>
          metric({
            name: `weekly.cpu.${name}`,
            value: (await processorSeconds(pid)) - (before.get(name) ?? 0),
            unit: "s",
            better: "lower",
          }),
        ),
      )),
      ...(await Promise.all(
        [...processes].map(async ([name, pid]) => memoryMetric(name, await peakMemory(pid), "MiB")),
      )),
      memoryMetric("postgres", await largestBackend(folder.path), "MiB, the largest backend with its shared buffers"),
    ];
  } finally {
    await mesh.end("SIGTERM");
  }
}

/** Returns the week after the one that the start of the mesh ran. */
function weekAfter(isoWeek: string | undefined): string {
  const number = isoWeekNumber(isoWeek ?? "");
  if (number === undefined) throw new Error("the start of the mesh ran no week");
  return isoWeekOfNumber(number + 1);
}

async function runWeek({ started }: StartedMesh, isoWeek: string): Promise<WatchProgressResponse | undefined> {
  using transport = createMeshTransport({ url: `http://${started.scheduler_service.grpc}` });
  const schedules = createClient(ScheduleService, transport);
  const { jobId } = await schedules.triggerRun({
    ...{ scheduleId: "weekly", isoWeek },
    ...(isFutureWeek(isoWeek, new Date()) && { forceFuture: "benchmark" }),
  });
  let last: WatchProgressResponse | undefined;
  for await (const progress of schedules.watchProgress({ jobId })) last = progress;
  return last;
}

/** Process ids of the services below a process, by name. */
async function processesBelow(parent: number): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const name = /\/([a-z]+-service)\/src\/main\.ts/.exec(command)?.[1];
    if (name !== undefined && (await isBelow(pid, parent))) found.set(name, pid);
  }
  return found;
}

async function isBelow(pid: number, ancestor: number): Promise<boolean> {
  if (pid === ancestor) return true;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return parent > 1 && isBelow(parent, ancestor);
}

/** Clock ticks per second in which Linux counts CPU time. */
const TICKS_PER_SECOND = 100;

/** Returns the CPU time of a process and of its children that have ended, user and system, seconds. */
async function processorSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Resets the peak memory that the kernel records for a process. */
const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, "5");

/** Returns the peak resident memory, MiB; 0 for a process that has ended. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

async function largestBackend(folder: string): Promise<number> {
  const [server = ""] = (await readFile(path.join(folder, "data/postgres/cluster/postmaster.pid"), "utf8")).split("\n");
  const backends = (await readFile(`/proc/${server}/task/${server}/children`, "utf8")).trim().split(" ").map(Number);
  return Math.max(...(await Promise.all(backends.map(peakMemory))));
}

const memoryMetric = (name: string, value: number, unit: string): Metric =>
  metric({ name: `weekly.peak_rss.${name}`, value, unit, better: "lower" });
