import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { ReasonForm } from "../parts/reason-form.tsx";
import { OF_VERSIONS } from "./version-decision.ts";

/** The version that shall become the champion. */
export interface Promotion {
  readonly modelName: string;
  readonly version: string;
  /** The champion that the page showed. Empty: the model had no champion. */
  readonly expectedVersion: string;
  /** Whether the version was the champion before. */
  readonly isRollback: boolean;
}

interface AliasFormProps {
  readonly promotion: Promotion;
  readonly onClose: () => void;
  /** Called after the alias has moved, with a sentence to show. */
  readonly onMoved: (text: string) => void;
}

/** Asks for the reason of a promotion or of a rollback, and moves the alias of the champion. */
export function AliasForm({ promotion, onClose, onMoved }: AliasFormProps) {
  const { modelName, version, expectedVersion, isRollback } = promotion;
  return (
    <ReasonForm
      {...OF_VERSIONS}
      name={`${isRollback ? "Roll back to" : "Promote"} ${version}`}
      text={`${version} answers requests that name no version, instead of ${expectedVersion || "no version"}. It is checked first. Who, when and why are recorded.`}
      draft={`champion/${modelName}/${version}`}
      sendingText="Checking the version…"
      send={(transport, reason) =>
        callUnaryMethod(transport, ModelPublishingService.method.setAlias, {
          ...{ modelName, alias: "champion", version, expectedVersion, reason },
        })
      }
      onClose={onClose}
      onDone={() => onMoved(`${version} is the champion now. Each replica loads it within seconds.`)}
    />
  );
}
