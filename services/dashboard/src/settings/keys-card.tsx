import type { ApiKey } from "@bellwether/gen/bellwether/ops/v1/api_key_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, createConnectQueryKey, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { agoText, dateText } from "../parts/format.ts";
import { Failure, Loading } from "../parts/load-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { usePagesKept } from "../parts/use-pages-kept.ts";
import { Wide } from "../parts/wide.tsx";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";
import { scopeText } from "../rpc/session.ts";

const ROLES: Readonly<Record<number, string>> = {
  [Role.VIEWER]: "viewer",
  [Role.ANALYST]: "analyst",
  [Role.ADMIN]: "admin",
  [Role.SERVICE]: "service",
};

/** The API keys that are accepted. A key is created with the command: the page would show its secret on a screen. */
export function KeysCard() {
  const list = useInfiniteQuery(
    ApiKeyService.method.listApiKeys,
    { pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const readMore = usePagesKept(list);
  const keys = list.data?.pages.flatMap((page) => page.apiKeys) ?? [];
  return (
    <section className="card" aria-labelledby="keys">
      <h2 id="keys">API keys</h2>
      <p className="quiet">
        For programs. Create one on a terminal: <code>npx bellwether keys create --name NAME --role viewer</code>
      </p>
      {list.isPending && <Loading what="the keys" />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && keys.length === 0 && <p>No key is accepted.</p>}
      {keys.length > 0 && <KeyTable keys={keys} />}
      <MoreButton hasMore={list.hasNextPage} loading={list.isFetchingNextPage} onMore={readMore} />
    </section>
  );
}

function KeyTable({ keys }: { keys: readonly ApiKey[] }) {
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [asked, setAsked] = useState("");
  const [problem, setProblem] = useState("");
  const revoke = async (keyId: string): Promise<void> => {
    if (blocked !== undefined) return;
    setProblem("");
    try {
      await callUnaryMethod(transport, ApiKeyService.method.revokeApiKey, { keyId });
      const schema = ApiKeyService.method.listApiKeys;
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: "infinite" }) });
    } catch (error) {
      const { title, wayOut } = problemOf(error);
      setProblem(`${title}. ${wayOut}`);
    }
  };
  return (
    <>
      {(blocked ?? problem) !== "" && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <Wide label="Keys">
        <table className="stacks">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Role</th>
              <th scope="col">Suppliers</th>
              <th scope="col">Ends</th>
              <th scope="col">Last used</th>
              <th scope="col">Created by</th>
              <th scope="col">
                <span className="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map(({ keyId, name, prefix, role, scope, expiresAt, lastUsedAt, createdBy }) => (
              <tr key={keyId}>
                <th scope="row">
                  {visibleText(name)}
                  <small>{prefix}…</small>
                </th>
                <td className="labelled" data-label="Role">
                  {ROLES[role] ?? ""}
                </td>
                <td className="labelled whole" data-label="Suppliers">
                  {scope ? visibleText(scopeText(scope)) : "all"}
                </td>
                <td className="labelled" data-label="Ends">
                  {dateText(expiresAt)}
                </td>
                <td className="labelled" data-label="Last used">
                  {lastUsedAt ? agoText(lastUsedAt, Date.now()) : "never"}
                </td>
                <td className="labelled" data-label="Created by">
                  {visibleText(createdBy)}
                </td>
                <td className="actions">
                  {asked === keyId ? (
                    <>
                      <button type="button" className="primary" onClick={() => void revoke(keyId)}>
                        Revoke {visibleText(name)} for good
                      </button>
                      <button type="button" onClick={() => setAsked("")}>
                        Keep it
                      </button>
                    </>
                  ) : (
                    <button type="button" aria-label={`Revoke ${visibleText(name)}…`} onClick={() => setAsked(keyId)}>
                      Revoke…
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}
