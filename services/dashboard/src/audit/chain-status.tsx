import { AuditService, type VerifyChainResponse } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useMemo, useState } from "react";
import { Badge } from "../parts/badges.tsx";
import { countOf, countText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { withTimeout } from "../rpc/transport.ts";

/** Deadline of the contract: a log of a million records takes some seconds. */
const VERIFY_TIMEOUT_MS = 600_000;

/** Whether every record has the hash of the record before it. It is computed when the reader asks for it. */
export function ChainStatus() {
  const usual = useTransport();
  const transport = useMemo(() => withTimeout(usual, VERIFY_TIMEOUT_MS), [usual]);
  const [isAsked, setAsked] = useState(false);
  const verified = useQuery(
    AuditService.method.verifyChain,
    {},
    { transport, enabled: isAsked, staleTime: Number.POSITIVE_INFINITY },
  );
  const verify = (): void => {
    if (isAsked) void verified.refetch();
    else setAsked(true);
  };
  return (
    <section className="card" aria-labelledby="chain">
      <h2 id="chain">Chain</h2>
      <p className="quiet">
        Each record has the hash of the record before it, so that a later change shows. Verifying computes every hash
        again.
      </p>
      <p>
        <button type="button" className="primary" disabled={verified.isFetching} onClick={verify}>
          Verify the log
        </button>
      </p>
      <div role="status">
        {verified.isFetching ? (
          <Loading what="the result" />
        ) : (
          verified.data && !verified.isError && <Result result={verified.data} />
        )}
      </div>
      {verified.isError && !verified.isFetching && <Failure error={verified.error} onRetry={verify} />}
    </section>
  );
}

function Result({ result }: { result: VerifyChainResponse }) {
  const { holds, records, headHash, firstBrokenSequence } = result;
  return (
    <>
      <p>
        {holds ? <Badge tone="calm">Holds</Badge> : <Badge tone="urgent">Broken</Badge>}{" "}
        {holds
          ? `${countOf(records, "record")} verified, no difference.`
          : `${countOf(records, "record")} before the first difference. Record ${
              firstBrokenSequence === undefined ? "not known" : countText(firstBrokenSequence)
            } was changed, or is missing. Keep a copy of the database, and compare it with a backup.`}
      </p>
      <p className="quiet">
        Last verified hash: <code className="long">{headHash}</code>
      </p>
    </>
  );
}
