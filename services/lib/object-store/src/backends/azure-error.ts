import {
  isObjectStoreError,
  ObjectConditionError,
  ObjectNotFoundError,
  StoreDeniedError,
  StoreFullError,
  StoreRejectedError,
  StoreSettingsError,
  StoreUnavailableError,
} from "../store-error.ts";
import { isNetworkError, shortCode } from "./network-error.ts";

const CONDITION: ReadonlySet<string> = new Set(["BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"]);
const CREDENTIALS =
  /^(CredentialUnavailableError|AggregateAuthenticationError|AuthenticationError|AuthenticationRequiredError)$/;

/**
 * Returns an error of the Azure client as an error of a store. The new error has the code, but not the message and
 * not the original error: both can quote the URL with its shared access signature.
 */
export function azureErrorOf(error: unknown, place: string): unknown {
  if (isObjectStoreError(error) || !(error instanceof Error)) return error;
  if (CREDENTIALS.test(error.name)) return new StoreDeniedError(place, "no usable credentials found");
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  if (status === undefined) return isNetworkError(error) ? new StoreUnavailableError(place, shortCode(error)) : error;
  const code = codeOf(error, status);
  if (code === "ContainerNotFound")
    return new StoreSettingsError(place, "the container does not exist; correct the URL");
  if (CONDITION.has(code) || status === 412) return new ObjectConditionError(place);
  if (status === 404) return new ObjectNotFoundError(place);
  if (status === 401 || status === 403) return new StoreDeniedError(place, code);
  if (status === 507 || /Quota|InsufficientStorage|AccountIsFull/.test(code)) return new StoreFullError(place, code);
  if (status >= 500 || status === 408 || status === 429 || code === "ContainerBeingDeleted")
    return new StoreUnavailableError(place, code);
  return new StoreRejectedError(place, code);
}

function codeOf(error: Error, status: number): string {
  // A HEAD has no body, so the code is in the details of the answer only.
  const details =
    "details" in error && typeof error.details === "object" && error.details !== null ? error.details : {};
  const found = [
    "code" in error ? error.code : undefined,
    "errorCode" in details ? details.errorCode : undefined,
    "Code" in details ? details.Code : undefined,
  ].find((code): code is string => typeof code === "string" && /^[\w.-]{1,64}$/.test(code));
  return found ?? `status ${status}`;
}
