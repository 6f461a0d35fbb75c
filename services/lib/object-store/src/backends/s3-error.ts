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

/** The parts of the SDK's errors that are read here. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

const MISSING: ReadonlySet<string> = new Set(["NoSuchKey", "NotFound", "NoSuchUpload", "NoSuchVersion"]);
const FULL: ReadonlySet<string> = new Set(["XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "StorageFull"]);
const BUSY: ReadonlySet<string> = new Set([
  ...["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeTooSkewed", "TooManyRequests"],
  ...["ConditionalRequestConflict", "OperationAborted", "ThrottlingException", "IncompleteBody", "TimeoutError"],
]);
const OTHER_REGION: ReadonlySet<string> = new Set([
  ...["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"],
  ...["TemporaryRedirect", "Redirect"],
]);

/**
 * Returns an error of the S3 client as an error of a store. The new error has the code and the request id, but not
 * the message and not the original error: both can quote headers.
 */
export function s3ErrorOf(error: unknown, place: string): unknown {
  if (isObjectStoreError(error) || !(error instanceof Error)) return error;
  const { name, message, $metadata }: SdkError = error;
  if (message === "Region is missing")
    return new StoreSettingsError(place, "no region is set; add ?region=REGION to the URL, or set AWS_REGION");
  const status = $metadata?.httpStatusCode;
  if (name === "CredentialsProviderError" || name === "TokenProviderError")
    return new StoreDeniedError(place, "no usable credentials found");
  if (status === undefined) return isNetworkError(error) ? new StoreUnavailableError(place, shortCode(error)) : error;
  const code = withRequest(shortCode(error), $metadata?.requestId);
  if (name === "NoSuchBucket") return new StoreSettingsError(place, "the bucket does not exist; correct the URL");
  if (OTHER_REGION.has(name) || status === 301 || status === 307)
    return new StoreSettingsError(place, `the bucket is in another region (${code}); add ?region=REGION to the URL`);
  if (MISSING.has(name) || status === 404) return new ObjectNotFoundError(place);
  if (name === "PreconditionFailed" || status === 412) return new ObjectConditionError(place);
  if (FULL.has(name) || status === 507) return new StoreFullError(place, code);
  if (BUSY.has(name) || status >= 500 || status === 429) return new StoreUnavailableError(place, code);
  if (status === 401 || status === 403 || /^(Expired|Invalid)Token$/.test(name))
    return new StoreDeniedError(place, code);
  return new StoreRejectedError(place, code);
}

const withRequest = (code: string, requestId: string | undefined): string =>
  requestId !== undefined && /^[\w/+=.-]{1,80}$/.test(requestId) ? `${code}, request ${requestId}` : code;
