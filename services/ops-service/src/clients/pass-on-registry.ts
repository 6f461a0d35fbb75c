import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { ON_BEHALF_HEADER, onBehalfOf } from "@bellwether/mesh/auth/on-behalf";
import { checkRight } from "@bellwether/mesh/auth/permissions";
import { callerOf, type Right } from "@bellwether/mesh/call/caller";
import {
  propagateContext,
  propagateContextAsCaller,
  sendsOwnCredentials,
} from "@bellwether/mesh/client/propagate-context";
import {
  type CallOptions,
  Code,
  ConnectError,
  createClient,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import {
  AliasNotGrantedError,
  SchedulerServiceUnavailableError,
  SchedulerServiceUnknownError,
} from "../domain/models/alias-error.ts";
import { type Peer, passOn } from "./pass-on.ts";

/** Forwards the reads of the registry to ml-service, with the caller's identity and deadline. */
export function passOnRegistry(transport: Transport): ServiceImpl<typeof ModelRegistryService> {
  const ml = createClient(ModelRegistryService, transport);
  return {
    listVersions: (request, context) =>
      passOn(context, () => ml.listVersions(request, propagateContextAsCaller(context))),
    getVersion: (request, context) => passOn(context, () => ml.getVersion(request, propagateContextAsCaller(context))),
    getGateResult: (request, context) =>
      passOn(context, () => ml.getGateResult(request, propagateContextAsCaller(context))),
    listAliases: (request, context) =>
      passOn(context, () => ml.listAliases(request, propagateContextAsCaller(context))),
    listProductionHistory: (request, context) =>
      passOn(context, () => ml.listProductionHistory(request, propagateContextAsCaller(context))),
    getReplicaStatus: (request, context) =>
      passOn(context, () => ml.getReplicaStatus(request, propagateContextAsCaller(context))),
  };
}

/** Forwards the comparison of champion and challenger to a replica of ml-service. */
export function passOnShadow(transport: Transport): ServiceImpl<typeof ShadowService> {
  const ml = createClient(ShadowService, transport);
  return {
    getShadowComparison: (request, context) =>
      passOn(context, () => ml.getShadowComparison(request, propagateContextAsCaller(context))),
  };
}

const SCHEDULER_SERVICE: Peer = {
  name: "scheduler-service",
  unavailable: (cause) => new SchedulerServiceUnavailableError({ cause }),
};

/**
 * Forwards SetAlias and the decisions about promotions to scheduler-service in the name of the caller. The caller's right is checked here
 * too: for a session, scheduler-service sees only the rights of ops-service.
 * @param transport Undefined: the address of scheduler-service is not configured.
 */
export function passOnAliases(
  transport: Transport | undefined,
): Pick<ServiceImpl<typeof ModelPublishingService>, "setAlias" | "approvePromotion" | "rejectPromotion"> {
  const known = transport && createClient(ModelPublishingService, transport);
  const forward = async <T>(
    context: HandlerContext,
    right: Right,
    call: (scheduler: NonNullable<typeof known>, options: CallOptions) => Promise<T>,
  ): Promise<T> => {
    checkRight(callerOf(context), right);
    if (!known) throw new SchedulerServiceUnknownError();
    try {
      return await passOn(context, () => call(known, inTheNameOf(context)), SCHEDULER_SERVICE);
    } catch (error) {
      throw isNotGranted(error, context) ? new AliasNotGrantedError(right, { cause: error }) : error;
    }
  };
  return {
    setAlias: (request, context) =>
      forward(
        context,
        request.alias === "challenger" ? "promote:challenger" : "promote:champion",
        (scheduler, options) => scheduler.setAlias(request, options),
      ),
    approvePromotion: (request, context) =>
      forward(context, "promote:champion", (scheduler, options) => scheduler.approvePromotion(request, options)),
    rejectPromotion: (request, context) =>
      forward(context, "promote:champion", (scheduler, options) => scheduler.rejectPromotion(request, options)),
  };
}

/**
 * Options of a call in the name of a caller, even if the caller has a certificate: the registry records who moved an
 * alias.
 */
function inTheNameOf(context: HandlerContext): CallOptions {
  const caller = callerOf(context);
  if (caller.via !== "certificate") return propagateContextAsCaller(context);
  return { ...propagateContext(context), headers: { [ON_BEHALF_HEADER]: onBehalfOf(caller) } };
}

/** Whether scheduler-service rejected the credentials of ops-service, not those of the caller. */
const isNotGranted = (error: unknown, context: HandlerContext): boolean =>
  error instanceof ConnectError && error.code === Code.PermissionDenied && !sendsOwnCredentials(callerOf(context));
