import type { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { approvePromotion, rejectPromotion } from "@bellwether/registry/publish/decide-promotion";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { resolveVersion } from "@bellwether/registry/versions/read-version";
import { aliasCheck } from "@bellwether/scoring/model/alias-check";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { PeerClient } from "../remote/peer-client.ts";

/** A decision about a result of the promotion gate. */
export interface PromotionChoice {
  readonly model: string;
  readonly version: string;
  readonly gate: string;
  readonly reason: string;
}

/** Who has decided, and when. */
export interface Decided {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Decides about promotions, in a registry or through scheduler-service. */
export interface Promotions {
  approve(choice: PromotionChoice): Promise<Decided>;
  reject(choice: PromotionChoice): Promise<Decided>;
}

/** Decides in a registry. `decidedBy` is recorded as the author. */
export function promotionsInRegistry(root: Registry, decidedBy: string): Promotions {
  const decisionOf = async ({ model, version, gate, reason }: PromotionChoice) => ({
    ...{ modelName: model, version: await resolveVersion(root, model, version), gateId: gate },
    ...{ decidedBy, reason, now: new Date() },
  });
  return {
    async approve(choice) {
      const { setBy, setAt } = await approvePromotion(root, await decisionOf(choice), aliasCheck(checkScoringModel));
      return { by: setBy, at: setAt };
    },
    async reject(choice) {
      const { by, at } = await rejectPromotion(root, await decisionOf(choice));
      return { by, at };
    },
  };
}

/** Decides through scheduler-service; the caller's token is the author. Versions are named by their number. */
export function promotionsOfScheduler({ client, answer }: PeerClient<typeof ModelPublishingService>): Promotions {
  const requestOf = ({ model, version, gate, reason }: PromotionChoice) => ({
    ...{ modelName: model, version, gateId: gate, reason },
  });
  return {
    async approve(choice) {
      const { alias } = await answer(client.approvePromotion(requestOf(choice)));
      return { by: alias?.setBy ?? "", at: alias?.setAt ? timestampDate(alias.setAt).toISOString() : "" };
    },
    async reject(choice) {
      const { decision } = await answer(client.rejectPromotion(requestOf(choice)));
      return {
        by: decision?.decidedBy ?? "",
        at: decision?.decidedAt ? timestampDate(decision.decidedAt).toISOString() : "",
      };
    },
  };
}
