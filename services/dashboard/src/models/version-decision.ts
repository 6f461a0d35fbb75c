import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { answersOf } from "../parts/reason-form.tsx";

/** What the forms of decisions about versions have in common. */
export const OF_VERSIONS = {
  /** The contract allows 500 bytes, and a character has at most four bytes. */
  longest: 125,
  /** Time limit of the RPCs: a version is loaded and checked before an alias moves. */
  timeoutMs: 30_000,
  changed: [answersOf(ModelRegistryService), ["replicas"]],
};
