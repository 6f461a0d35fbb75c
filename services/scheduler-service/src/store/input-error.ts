import {
  isObjectStoreError,
  isTransientStoreError,
  ObjectChangedError,
  ObjectNotFoundError,
} from "@bellwether/object-store/store-error";
import {
  InputChangedError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
} from "../domain/scheduler-error.ts";

/** Returns an error of an object store as an error of the weekly input; any other error unchanged. */
export function inputErrorOf(error: unknown, input: string): unknown {
  if (!isObjectStoreError(error)) return error;
  if (error instanceof ObjectNotFoundError) return new InputNotFoundError(input);
  if (error instanceof ObjectChangedError) return new InputChangedError(input);
  if (isTransientStoreError(error)) return new InputUnavailableError(error.message, { cause: error });
  return new InputRejectedError(error.message, { cause: error });
}
