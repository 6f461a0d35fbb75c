import type { DelegationSchema, DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { actorOf, type Caller, callerOf } from "@bellwether/mesh/call/caller";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Delegation } from "../../domain/delegations/delegation.ts";
import type { DelegationCaller, DelegationRequest, DelegationResult } from "../../domain/delegations/set-delegation.ts";
import { typedText } from "../typed-text.ts";

export interface DelegationDependencies {
  readonly set: (request: DelegationRequest, caller: DelegationCaller) => Promise<DelegationResult>;
  readonly end: (delegationId: string, caller: DelegationCaller) => Promise<Delegation>;
  readonly list: (
    query: { readonly person: string; readonly includeEnded: boolean },
    limit: number,
  ) => Promise<readonly Delegation[]>;
}

const MAX_LISTED = 500;

/** Returns the handlers of DelegationService. */
export function delegationHandlers(deps: DelegationDependencies): ServiceImpl<typeof DelegationService> {
  return {
    async setDelegation({ owner, deputy, startsAt, endsAt, reason }, context) {
      if (!endsAt) throw new Error("validation accepted a request without ends_at");
      const { delegation, hidden, notHandedOn } = await deps.set(
        {
          ...{ owner: owner.trim(), deputy: deputy.trim(), reason: typedText(reason) },
          ...{ startsAt: startsAt && timestampDate(startsAt), endsAt: timestampDate(endsAt) },
        },
        delegationCaller(callerOf(context)),
      );
      return {
        ...{ delegation: delegationToProto(delegation), notHandedOn: [...notHandedOn] },
        ...{ hiddenAlerts: hidden?.alerts ?? 0, hiddenSupplierIds: [...(hidden?.supplierIds ?? [])] },
        deputyScopeKnown: hidden !== null,
      };
    },
    async listDelegations({ person, includeEnded }) {
      const found = await deps.list({ person, includeEnded }, MAX_LISTED + 1);
      return {
        delegations: found.slice(0, MAX_LISTED).map(delegationToProto),
        truncated: found.length > MAX_LISTED,
      };
    },
    async endDelegation({ delegationId }, context) {
      return { delegation: delegationToProto(await deps.end(delegationId, delegationCaller(callerOf(context)))) };
    },
  };
}

function delegationCaller(caller: Caller): DelegationCaller {
  const { scope, roles } = caller;
  // The alerts of others have suppliers that an administrator with a scope does not see.
  return { actor: actorOf(caller), isAdmin: roles.has("admin") && scope === undefined, scope };
}

function delegationToProto(made: Delegation): MessageInitShape<typeof DelegationSchema> {
  const { id, owner, deputy, startsAt, endsAt, reason, createdBy, createdAt, endedAt, endedBy } = made;
  return {
    ...{ delegationId: id, owner, deputy, reason, createdBy, endedBy },
    startsAt: timestampFromDate(startsAt),
    endsAt: timestampFromDate(endsAt),
    createdAt: timestampFromDate(createdAt),
    ...(endedAt && { endedAt: timestampFromDate(endedAt) }),
  };
}
