import { trimReason } from "@bellwether/contract/reason-text";
import type { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import type { AliasSchema } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { GateDecisionSchema } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { checkNotExpired, checkRight } from "@bellwether/mesh/auth/permissions";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { aliasFromText } from "@bellwether/registry/aliases/aliases";
import type { PromotionDecision } from "@bellwether/registry/publish/decide-promotion";
import type { SetAlias } from "@bellwether/registry/publish/move-alias";
import type { GateDecision } from "@bellwether/risk-model/promotion/gate-section";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { VersionRemoval } from "../domain/removed-version.ts";

/** Dependencies of the handlers. */
export interface ModelPublishingDeps {
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  /** @param stillAllowed called when the version has passed its checks, before the alias is moved; it may throw */
  readonly setAlias: (request: Omit<SetAlias, "now">, stillAllowed: () => void, signal: AbortSignal) => Promise<Alias>;
  /** @param stillAllowed as for setAlias */
  readonly approvePromotion: (
    request: Omit<PromotionDecision, "now">,
    stillAllowed: () => void,
    signal: AbortSignal,
  ) => Promise<Alias>;
  readonly rejectPromotion: (request: Omit<PromotionDecision, "now">) => Promise<GateDecision>;
  readonly removeVersion: (removal: VersionRemoval, isDryRun: boolean, signal: AbortSignal) => Promise<void>;
}

function aliasToProto({ name, version, setAt, setBy, reason }: Alias): MessageInitShape<typeof AliasSchema> {
  return { name, version, setAt: timestampFromDate(new Date(setAt)), setBy, reason };
}

function decisionToProto({ outcome, at, by, reason }: GateDecision): MessageInitShape<typeof GateDecisionSchema> {
  return {
    ...{ isApproved: outcome === "approved", decidedBy: by, reason },
    decidedAt: timestampFromDate(new Date(at)),
  };
}

/** Returns the handlers that move aliases, decide about promotions and remove versions. */
export function modelPublishingHandlers({
  defaultModel,
  setAlias,
  approvePromotion,
  rejectPromotion,
  removeVersion,
}: ModelPublishingDeps): Pick<
  ServiceImpl<typeof ModelPublishingService>,
  "setAlias" | "approvePromotion" | "rejectPromotion" | "removeVersion"
> {
  const decisionOf = (
    { modelName, version, gateId, reason }: Omit<PromotionDecision, "now" | "decidedBy">,
    context: HandlerContext,
  ): Omit<PromotionDecision, "now"> => {
    checkRight(callerOf(context), "promote:champion");
    const decidedBy = actorOf(callerOf(context));
    return { modelName: modelName || defaultModel, version, gateId, decidedBy, reason: trimReason(reason) };
  };
  return {
    async approvePromotion(request, context) {
      const stillAllowed = (): void => checkNotExpired(callerOf(context), Date.now());
      const moved = await approvePromotion(decisionOf(request, context), stillAllowed, context.signal);
      return { alias: aliasToProto(moved) };
    },
    async rejectPromotion(request, context) {
      return { decision: decisionToProto(await rejectPromotion(decisionOf(request, context))) };
    },
    async removeVersion({ modelName, version, reason, dryRun }, context) {
      const name = modelName || defaultModel;
      const removedBy = actorOf(callerOf(context));
      await removeVersion({ modelName: name, version, removedBy, reason: trimReason(reason) }, dryRun, context.signal);
      return { modelName: name, version, isRemoved: !dryRun };
    },
    async setAlias({ modelName, alias, version, reason, expectedVersion }, context) {
      const name = aliasFromText(alias);
      checkRight(callerOf(context), `promote:${name}`);
      const moved = await setAlias(
        {
          modelName: modelName || defaultModel,
          alias: name,
          version,
          setBy: actorOf(callerOf(context)),
          reason: trimReason(reason),
          ...(expectedVersion !== undefined && { expectedVersion }),
        },
        () => checkNotExpired(callerOf(context), Date.now()),
        context.signal,
      );
      return { alias: aliasToProto(moved) };
    },
  };
}
