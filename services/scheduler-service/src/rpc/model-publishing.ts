import { trimReason } from "@bellwether/contract/reason-text";
import type { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import type { AliasSchema } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { checkRight } from "@bellwether/mesh/auth/roles";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { aliasFromText } from "@bellwether/registry/aliases/aliases";
import type { SetAlias } from "@bellwether/registry/publish/set-alias";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";

/** Dependencies of the handlers. */
export interface ModelPublishingDeps {
  /** Model of a request without a model name. */
  readonly defaultModel: string;
  readonly setAlias: (request: Omit<SetAlias, "now">, signal: AbortSignal) => Promise<Alias>;
}

function aliasToProto({ name, version, setAt, setBy, reason }: Alias): MessageInitShape<typeof AliasSchema> {
  return { name, version, setAt: timestampFromDate(new Date(setAt)), setBy, reason };
}

/** Returns the handler that moves aliases. */
export function modelPublishingHandlers({
  defaultModel,
  setAlias,
}: ModelPublishingDeps): Pick<ServiceImpl<typeof ModelPublishingService>, "setAlias"> {
  return {
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
        context.signal,
      );
      return { alias: aliasToProto(moved) };
    },
  };
}
