import {
  type GetReplicaStatusResponse,
  ModelCheckOutcome,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Badge } from "../parts/badges.tsx";
import { timeText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { Wide } from "../parts/wide.tsx";
import { wordOf } from "../parts/words.ts";
import { isMissing } from "../rpc/problem.ts";
import { CHECK_WORDS } from "./model-words.ts";
import { NOT_CONFIGURED, REPLICA_CALLS, type useReplicas } from "./use-replicas.ts";

/** What each replica of ml-service serves now. */
export function ReplicaCard({ replicas }: { replicas: ReturnType<typeof useReplicas> }) {
  return (
    <section className="card" aria-labelledby="replicas">
      <h2 id="replicas">Replicas</h2>
      {replicas.isPending && <Loading what="the replicas" />}
      {replicas.isError &&
        (isMissing(replicas.error) ? (
          <p className="quiet">{NOT_CONFIGURED}</p>
        ) : (
          <Failure error={replicas.error} onRetry={() => void replicas.refetch()} />
        ))}
      {replicas.data && (
        <>
          <p className="quiet">
            The replicas that have answered one of {REPLICA_CALLS} calls: others may run.{" "}
            <button type="button" disabled={replicas.isFetching} onClick={() => void replicas.refetch()}>
              Ask again
            </button>
          </p>
          <Wide label="Replicas">
            <table className="stacks">
              <thead>
                <tr>
                  <th scope="col">Replica</th>
                  <th scope="col">Serves</th>
                  <th scope="col">Since</th>
                  <th scope="col">Checks</th>
                </tr>
              </thead>
              <tbody>
                {replicas.data.map((one) => (
                  <ReplicaRow key={one.replica} replica={one} />
                ))}
              </tbody>
            </table>
          </Wide>
        </>
      )}
    </section>
  );
}

function ReplicaRow({ replica: one }: { replica: GetReplicaStatusResponse }) {
  const { replica, modelName, servedVersion, championVersion, servedSince, rejection, otherVersions, servedChecks } =
    one;
  const made = servedChecks.filter(({ outcome }) => outcome !== ModelCheckOutcome.NOT_MADE);
  const names = made.map(({ kind }) => wordOf(CHECK_WORDS, kind)).join(", ");
  return (
    <tr>
      <th scope="row">
        <bdi>{visibleText(replica)}</bdi>
      </th>
      <td className="why">
        {servedVersion === "" ? (
          <Badge tone="urgent">No version</Badge>
        ) : (
          <>
            {visibleText(modelName)} {visibleText(servedVersion)}{" "}
            {servedVersion !== championVersion && <Badge tone="careful">Not the champion</Badge>}
          </>
        )}
        {rejection && (
          <small>
            <bdi>{visibleText(`${rejection.version || "The alias"} is rejected: ${rejection.reason}`)}</bdi>
          </small>
        )}
        {otherVersions.length > 0 && <small>{visibleText(`Also loaded: ${otherVersions.join(", ")}`)}</small>}
      </td>
      <td className="labelled" data-label="Since">
        {timeText(servedSince) || "–"}
      </td>
      <td className="why">{names === "" ? "–" : `Passed: ${names}`}</td>
    </tr>
  );
}
