import { trimReason } from "@bellwether/contract/reason-text";
import type { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import type { AliasSchema } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { checkNotExpired, checkRight } from "@bellwether/mesh/auth/permissions";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { aliasFromText } from "@bellwether/registry/aliases/aliases";
import type { SetAlias } from "@bellwether/registry/publish/set-alias";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { VersionRemoval } from "../domain/removed-version.ts";

/** Dependencies of the handlers. */
export interface ModelPublishingDeps {
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  /** @param stillAllowed called when the version has passed its checks, before the alias is moved; it may throw */
  readonly setAlias: (request: Omit<SetAlias, "now">, stillAllowed: () => void, signal: AbortSignal) => Promise<Alias>;
  readonly removeVersion: (removal: VersionRemoval, isDryRun: boolean, signal: AbortSignal) => Promise<void>;
}

function aliasToProto({ name, version, setAt, setBy, reason }: Alias): MessageInitShape<typeof AliasSchema> {
  return { name, version, setAt: timestampFromDate(new Date(setAt)), setBy, reason };
}

/** Returns the handlers that move aliases and remove versions. */
export function modelPublishingHandlers({
  defaultModel,
  setAlias,
  removeVersion,
}: ModelPublishingDeps): Pick<ServiceImpl<typeof ModelPublishingService>, "setAlias" | "removeVersion"> {
  return {
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
