import { type BatchRun, type RunLease, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService, type GetInputComparisonResponse } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { checkFromProto, checkToProto, profileFromProto, profileToProto } from "@bellwether/plausibility/check-proto";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { LossLimitError, PeerRejectedError, RunFencedError, RunHeldError } from "../domain/scheduler-error.ts";
import type { InputComparison, Ledger } from "../domain/weekly-ports.ts";
import { attributesToProto } from "./chunk-to-proto.ts";
import { clearContributions } from "./clear-contributions.ts";
import { driftToProto } from "./drift-to-proto.ts";
import { featureValuesToProto, withFittingTerms } from "./feature-values.ts";
import { inputReportToProto } from "./input-report.ts";
import { callPeer } from "./peer-error.ts";

const PEER = "ops-service";
const READ_TIMEOUT_MS = 5_000;
/** Number of runs in which revisions of a week are looked for. They are those of all models. */
const LISTED_RUNS = 200;
/** Maximum number of bytes (UTF-8) of the reason of FailRun. */
const MAX_REASON_BYTES = 2_000;

/** Creates the ledger of one model's weekly runs, with ops-service behind it. */
export function createOpsLedger(transport: Transport, modelName: string): Ledger {
  const batch = createClient(BatchService, transport);
  /** Returns a run that the ledger has just rejected to complete, as it is now. */
  const readRun = async ({ runId }: RunLease): Promise<BatchRun | undefined> => {
    for await (const { run } of batch.watchRun({ runId }, { timeoutMs: READ_TIMEOUT_MS })) if (run) return run;
    return undefined;
  };
  const findComplete = async (week: string): Promise<BatchRun | null> => {
    const found = batch.getRun({ isoWeek: week, modelName }).catch((error: unknown) => {
      if (error instanceof ConnectError && error.code === Code.NotFound) return null;
      throw error;
    });
    const run = (await callPeer(PEER, found))?.run;
    return run?.state === RunState.COMPLETE ? run : null;
  };
  const completeInput = async (week: string): Promise<string | null> => (await findComplete(week))?.inputDigest ?? null;
  /** Returns the error of a run that was not published, with its figures. An earlier release of ops-service fails it. */
  const notPublished = async (lease: RunLease, cause: ConnectError): Promise<Error> => {
    const run = await readRun(lease);
    if (run?.state === RunState.HELD) return new RunHeldError(run);
    return new LossLimitError(cause.rawMessage, run?.losses ?? null, [], { cause });
  };
  return {
    async start({ week, forceFuture, acceptLosses, ...start }) {
      const request = {
        ...start,
        isoWeek: week,
        modelName,
        ...(forceFuture && { forceFuture }),
        ...(acceptLosses && { acceptLosses }),
      };
      const { run, lease, receivedChunks, begunAnew, ...started } = await callPeer(PEER, batch.startRun(request));
      if (!run) throw new PeerRejectedError(PEER, "it started no run");
      return {
        ...{ run, lease: lease ?? null, receivedChunks, begunAnew, ...comparisonFromProto(started) },
        ...{ checks: run.checks.flatMap(checkFromProto), isApproved: started.approved !== undefined },
      };
    },
    async compare(week) {
      return comparisonFromProto(await callPeer(PEER, batch.getInputComparison({ isoWeek: week, modelName })));
    },
    async completion(week) {
      const run = await findComplete(week);
      if (!run?.supersedeRequested) return { isComplete: run !== null, newRevision: 0 };
      // A later revision may have been withdrawn: its number is not used again.
      const { runs } = await callPeer(PEER, batch.listRuns({ pageSize: LISTED_RUNS }));
      const ofWeek = runs.filter((one) => one.isoWeek === week && one.modelName === modelName);
      return { isComplete: false, newRevision: Math.max(run.revision, ...ofWeek.map(({ revision }) => revision)) + 1 };
    },
    completeInput,
    async findComplete(week) {
      const run = await findComplete(week);
      return run?.supersedeRequested ? null : run;
    },
    async report(lease, { rowsRead, rowsRejected, inputObjects = [], ...update }) {
      const counts = {
        inputObjects: inputObjects.map(({ url, etag, bytes }) => ({ url, etag, bytes: BigInt(bytes) })),
        ...(rowsRead !== undefined && { rowsRead: BigInt(rowsRead) }),
        ...(rowsRejected !== undefined && { rowsRejected: BigInt(rowsRejected) }),
      };
      await write(batch.reportProgress({ lease, ...update, ...counts }));
    },
    async submit(lease, chunk, scores, features, signal) {
      clearContributions(scores);
      const values = featureValuesToProto(chunk, features, scores.contributions.length);
      const request = {
        lease,
        chunk: chunk.index,
        supplierIds: [...chunk.supplierIds],
        ...attributesToProto(chunk.attributes),
        scores: withFittingTerms(scores, values.featureValues?.length ?? 0),
        ...values,
      };
      return write(batch.submitChunk(request, { signal }));
    },
    async complete(
      lease,
      { sourceRows, acceptLosses, chunksTotal, drift, checks, profile, contentDigest, ingested, ...counts },
    ) {
      const request = {
        ...{ lease, chunksTotal, drift: driftToProto(drift) },
        ...{ contentDigest, inputReport: inputReportToProto(ingested) },
        ...{ checks: checks.map(checkToProto), profile: profileToProto(profile) },
        rowsRead: BigInt(counts.rowsRead),
        rowsRejected: BigInt(counts.rowsRejected),
        rowsRepeated: BigInt(counts.rowsRepeated),
        ...(sourceRows !== null && { sourceRows: BigInt(sourceRows) }),
        sourceRowsRejected: BigInt(counts.sourceRowsRejected),
        ...(acceptLosses && { acceptLosses }),
      };
      const completing = batch.completeRun(request).catch(async (error: unknown) => {
        throw isNotPublished(error) ? await notPublished(lease, error) : error;
      });
      const { run } = await write(completing);
      if (!run) throw new PeerRejectedError(PEER, "it completed no run");
      return run;
    },
    async fail(lease, reason) {
      const shown = cutReason(reason.replaceAll("\0", "")) || "unknown";
      await write(batch.failRun({ lease, reason: shown }));
    },
    async hold(lease, { checks, profile }) {
      const request = { lease, checks: checks.map(checkToProto), profile: profileToProto(profile) };
      const { run } = await write(batch.holdRun(request));
      if (!run) throw new PeerRejectedError(PEER, "it held no run");
      return run;
    },
  };
}

/** Returns the week that the input is compared with. Null: there is none. */
const comparisonFromProto = (found: Comparison): InputComparison => ({
  previous: previousOf(found),
  otherInputs: found.otherInputs.map(({ isoWeek, ...digests }) => ({ ...digests, week: isoWeek })),
});

function previousOf({ previousWeek, previousSuppliers, previousRows, previousProfile }: Previous) {
  if (previousWeek === "") return null;
  return {
    ...{ week: previousWeek, suppliers: Number(previousSuppliers) },
    rows: previousRows === undefined ? null : Number(previousRows),
    columns: profileFromProto(previousProfile),
  };
}

type Comparison = Pick<GetInputComparisonResponse, "otherInputs" | keyof Previous>;

type Previous = Pick<
  GetInputComparisonResponse,
  "previousWeek" | "previousSuppliers" | "previousRows" | "previousProfile"
>;

/** Cuts to the limit without a partial character at the end. */
function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.byteLength <= MAX_REASON_BYTES) return bytes.toString();
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES), { stream: true });
}

/** Reasons with which CompleteRun holds a run. */
const NOT_PUBLISHED: ReadonlySet<string> = new Set(["LOSS_LIMIT", "CHECKS_FAILED"]);

const isNotPublished = (error: unknown): error is ConnectError =>
  error instanceof ConnectError && error.findDetails(ErrorInfoSchema).some(({ reason }) => NOT_PUBLISHED.has(reason));

/** Does a write to a run. ABORTED means that another worker has the run now. */
function write<T>(call: Promise<T>): Promise<T> {
  const fenced = call.catch((error: unknown) => {
    throw error instanceof ConnectError && error.code === Code.Aborted ? new RunFencedError() : error;
  });
  return callPeer(PEER, fenced);
}
