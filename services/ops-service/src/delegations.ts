import type { DelegationLimits } from "@bellwether/config/people-limits";
import { DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { endDelegation, setDelegation } from "./domain/delegations/set-delegation.ts";
import { delegationHandlers } from "./rpc/delegations/delegations.ts";
import type { Database } from "./store/database.ts";
import { createDelegationTransaction, listDelegations, readOwnersOf } from "./store/delegations/delegations.ts";

export interface DelegationPorts {
  readonly database: Database;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly limits: DelegationLimits;
}

/** DelegationService, and who is whose deputy. */
export interface Delegations {
  readonly route: Route;
  /** Returns the owners whose deputy a person is now. */
  readonly ownersOf: (deputy: string) => Promise<readonly string[]>;
}

/** Creates the service for delegations. */
export function createDelegations({ database, now, newId, limits }: DelegationPorts): Delegations {
  const { db, inTransaction } = database;
  const transact = createDelegationTransaction(inTransaction, { now, newId });
  const handlers = delegationHandlers({
    set: (request, caller) =>
      transact((store) => setDelegation(store, request, caller, { now: now(), id: newId(), limits })),
    end: (delegationId, caller) => transact((store) => endDelegation(store, delegationId, caller, now())),
    list: (query, limit) => listDelegations(db, query, now(), limit),
  });
  return { route: route(DelegationService, handlers), ownersOf: (deputy) => readOwnersOf(db, deputy, now()) };
}
