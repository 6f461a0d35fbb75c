import {
  BatchRunSchema,
  RunDecisionSchema,
  RunLeaseSchema,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  BatchService,
  type CompleteRunRequest,
  StartRunResponseSchema,
  type SubmitChunkRequest,
} from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";

/** A ledger of one week, in memory, behind the real gRPC contract. */
export interface LedgerServer extends AsyncDisposable {
  /** URL of the ledger's gRPC listener. */
  readonly url: string;
  readonly run: ReturnType<typeof newRun>;
  /** Workers that started the run, in order: "machine/process id/attempt". */
  readonly holders: readonly string[];
  /** Weeks for which a run was started. */
  readonly startedWeeks: ReadonlySet<string>;
  /** First version received of each chunk, by number. */
  readonly chunks: ReadonlyMap<number, SubmitChunkRequest>;
  /** Other weeks that are complete. */
  readonly completeWeeks: Set<string>;
  /** Digests of the snapshots of other weeks that are complete. */
  readonly completeInputs: Map<string, string>;
  /** Number of chunks that were received again. */
  readonly duplicates: readonly number[];
  /** What StartRun returns about earlier weeks: the week with which the input is compared. */
  earlier: MessageInitShape<typeof StartRunResponseSchema>;
  /** What the last HoldRun or CompleteRun reported about the input. */
  readonly reported: Pick<CompleteRunRequest, "checks" | "profile" | "contentDigest">;
  /** Approves the held run, as a person does. */
  approve(): void;
  /** Called before a chunk is stored. A test throws an error here to reject the chunk. */
  onSubmit: (request: SubmitChunkRequest) => void;
  /** Called when the run reports its stage. */
  onReport: () => void;
  /** Removes the run, like a database that was restored to an earlier time. */
  restore(): void;
  /** Begins the next revision of the complete week, as the start after SupersedeRun does. */
  supersede(): void;
  /** Called when the run was completed, before the caller gets the answer. */
  onComplete: () => void;
  /** Assigns the run to another worker. */
  fence(): void;
}

const newRun = () => create(BatchRunSchema, { runId: 1, revision: 1, startedAt: timestampFromDate(new Date(0)) });

/** Starts the ledger on a free port. */
export async function startLedger(): Promise<LedgerServer> {
  const run = newRun();
  const chunks = new Map<number, SubmitChunkRequest>();
  const duplicates: number[] = [];
  const startedWeeks = new Set<string>();
  const holders: string[] = [];
  const completeWeeks = new Set<string>();
  const completeInputs = new Map<string, string>();
  const reported = { checks: [], profile: [], contentDigest: "" } as LedgerServer["reported"];
  let [fence, holder, rejected] = [0n, "", 0n];
  const checkFence = (given: bigint | undefined): void => {
    if (given !== fence) throw rpcError(Code.Aborted, "RUN_FENCED", "another holder has the run");
  };
  const count = (): void => {
    const faulty = [...chunks.values()].reduce((sum, c) => sum + (c.scores?.violations.length ?? 0), 0);
    const rows = [...chunks.values()].reduce((sum, c) => sum + c.supplierIds.length, 0);
    run.rowsScored = BigInt(rows - faulty);
    run.rowsRejected = rejected + BigInt(faulty);
    run.chunksReceived = chunks.size;
  };
  const handlers: Partial<ServiceImpl<typeof BatchService>> = {
    startRun: (request) => {
      startedWeeks.add(request.isoWeek);
      holders.push(request.holder);
      if (run.state === RunState.COMPLETE) return { run };
      if (run.state === RunState.HELD && !run.approved && run.sourceDigest === request.sourceDigest) return { run };
      if (request.holder !== holder) [fence, holder] = [fence + 1n, request.holder];
      const { isoWeek, modelName, sourceDigest, configHash } = request;
      const chunkRows = chunks.size > 0 ? run.chunkRows : request.chunkRows;
      const isOther = (before: string, now: string) => before !== "" && now !== "" && before !== now;
      const begunAnew = isOther(run.sourceDigest, sourceDigest) || isOther(run.configHash, configHash);
      if (begunAnew) {
        chunks.clear();
        delete run.model;
        delete run.rowsRead;
        [run.inputDigest, rejected] = ["", 0n];
        count();
      }
      Object.assign(run, { isoWeek, modelName, sourceDigest, configHash, state: RunState.RUNNING });
      run.chunkRows = begunAnew ? request.chunkRows : chunkRows;
      const receivedChunks = [...chunks.keys()].sort((a, b) => a - b);
      const approved = run.approved && { approved: run.approved };
      const lease = create(RunLeaseSchema, { runId: run.runId, fence });
      return create(StartRunResponseSchema, { ...server.earlier, run, lease, receivedChunks, begunAnew, ...approved });
    },
    reportProgress: (request) => {
      server.onReport();
      checkFence(request.lease?.fence);
      if (request.inputDigest && run.inputDigest && request.inputDigest !== run.inputDigest)
        throw rpcError(Code.FailedPrecondition, "RUN_MISMATCH", "the run began with another input");
      run.stage = request.stage;
      run.inputDigest ||= request.inputDigest;
      if (request.inputObjects.length > 0) run.inputObjects = request.inputObjects;
      if (request.rowsRead !== undefined) run.rowsRead = request.rowsRead;
      if (request.chunksTotal !== undefined) run.chunksTotal = request.chunksTotal;
      rejected = request.rowsRejected ?? rejected;
      count();
      return { run };
    },
    submitChunk: (request) => {
      server.onSubmit(request);
      checkFence(request.lease?.fence);
      if (request.supplierIds.length > run.chunkRows)
        throw rpcError(Code.FailedPrecondition, "RUN_MISMATCH", "the run began with smaller chunks");
      const violations = request.scores?.violations.length ?? 0;
      const rows = { rowsScored: request.supplierIds.length - violations, rowsInvalid: violations };
      if (chunks.has(request.chunk)) {
        duplicates.push(request.chunk);
        return { duplicate: true, ...rows };
      }
      chunks.set(request.chunk, request);
      if (request.scores?.model) run.model = request.scores.model;
      count();
      return { duplicate: false, ...rows };
    },
    completeRun: (request) => {
      checkFence(request.lease?.fence);
      if (chunks.size !== request.chunksTotal || run.rowsScored + run.rowsRejected !== request.rowsRead)
        throw rpcError(Code.FailedPrecondition, "RUN_INCOMPLETE", "the counts do not add up");
      Object.assign(run, { state: RunState.COMPLETE, drift: request.drift, checks: request.checks, failure: "" });
      const { checks, profile, contentDigest } = request;
      Object.assign(reported, { checks, profile, contentDigest });
      run.completedAt = timestampFromDate(new Date(1_000));
      server.onComplete();
      return { run };
    },
    holdRun: (request) => {
      checkFence(request.lease?.fence);
      Object.assign(run, { state: RunState.HELD, checks: request.checks });
      Object.assign(reported, { checks: request.checks, profile: request.profile });
      return { run };
    },
    failRun: (request) => {
      checkFence(request.lease?.fence);
      if (run.state === RunState.COMPLETE)
        throw rpcError(Code.FailedPrecondition, "RUN_COMPLETE", "the run is complete");
      Object.assign(run, { state: RunState.FAILED, failure: request.reason });
      return { run };
    },
    getInputComparison: () => {
      const {
        previousWeek = "",
        previousSuppliers = 0n,
        previousRows,
        previousProfile = [],
        otherInputs = [],
      } = server.earlier;
      return {
        previousWeek,
        previousSuppliers,
        previousProfile,
        otherInputs,
        ...(previousRows !== undefined && { previousRows }),
      };
    },
    listRuns: () => ({ runs: run.isoWeek === "" ? [] : [run] }),
    recordMissedWeek: ({ isoWeek, modelName, reason }) => {
      Object.assign(run, { isoWeek, modelName, state: RunState.MISSED, missedReason: reason });
      return { run };
    },
    getRun: ({ isoWeek }) => {
      const inputDigest = completeInputs.get(isoWeek);
      if (inputDigest !== undefined)
        return { run: create(BatchRunSchema, { isoWeek, inputDigest, state: RunState.COMPLETE }) };
      if (completeWeeks.has(isoWeek)) return { run: create(BatchRunSchema, { isoWeek, state: RunState.COMPLETE }) };
      if (run.isoWeek === "" || isoWeek !== run.isoWeek)
        throw rpcError(Code.NotFound, "RUN_NOT_FOUND", `a run of ${isoWeek} does not exist`);
      return { run };
    },
  };
  const mesh = await startServer({
    name: "ledger",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [route(BatchService, handlers)],
    errors: {},
    logger: createLogger({ name: "ledger", level: "silent" }),
  });
  const server: LedgerServer = {
    url: `http://127.0.0.1:${mesh.addresses.grpc.port}`,
    run,
    chunks,
    duplicates,
    startedWeeks,
    completeWeeks,
    completeInputs,
    holders,
    earlier: {},
    reported,
    approve: () => {
      run.approved = create(RunDecisionSchema, { reason: "it is right", actor: "jane", decidedAt: timestampNow() });
    },
    onSubmit: () => {},
    onReport: () => {},
    restore: () => {
      chunks.clear();
      Object.assign(run, newRun());
      [fence, holder, rejected] = [0n, "", 0n];
    },
    supersede: () => {
      const { runId, revision } = run;
      chunks.clear();
      Object.assign(run, newRun(), { runId: runId + 1, revision: revision + 1, inputDigest: "", sourceDigest: "" });
      delete run.model;
      [fence, holder, rejected] = [0n, "", 0n];
    },
    onComplete: () => {},
    fence: () => {
      [fence, holder] = [fence + 1n, "somebody else"];
    },
    [Symbol.asyncDispose]: () => mesh.stop(),
  };
  return server;
}
