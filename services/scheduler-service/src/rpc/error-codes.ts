import type { InputPatternError } from "@bellwether/contract/expand-input";
import type { FutureWeekError, IsoWeekError } from "@bellwether/contract/iso-week";
import type { ObjectKeyError, StoreUrlError } from "@bellwether/object-store/store-error";
import type {
  AliasMovedError,
  GateFailedError,
  GateNotFoundError,
  GateStaleError,
  ModelCorruptError,
  ModelNotFoundError,
  ModelSignatureError,
  PromotionDecidedError,
  RegistryBusyError,
  RegistryNameError,
  RegistryUnavailableError,
  UnsignedVersionError,
  VersionNeededError,
  VersionNotFoundError,
} from "@bellwether/registry/registry-error";
import type { BundleError } from "@bellwether/risk-model/bundle/parse-bundle";
import type { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import type { OtherContractError } from "@bellwether/scoring/publish/publish-model";
import { Code } from "@connectrpc/connect";
import type {
  DiskError,
  ImportRejectedError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
  JobNotFoundError,
  JobStoreError,
  ModelNotConfiguredError,
  PeerRejectedError,
  PeerUnavailableError,
  RetrainNotPossibleError,
  RetrainUnderWayError,
  RetrainWindowError,
  RunUnderWayError,
  ScheduleNotFoundError,
  UploadBusyError,
  UploadError,
  UploadIdleError,
} from "../domain/scheduler-error.ts";

/** All errors of this service that a caller can act on. */
type SchedulerError =
  | IsoWeekError
  | FutureWeekError
  | DiskError
  | JobStoreError
  | InputNotFoundError
  | InputPatternError
  | InputRejectedError
  | InputUnavailableError
  | StoreUrlError
  | ObjectKeyError
  | JobNotFoundError
  | PeerRejectedError
  | PeerUnavailableError
  | RetrainNotPossibleError
  | RetrainUnderWayError
  | RetrainWindowError
  | RunUnderWayError
  | ScheduleNotFoundError
  | ModelNotConfiguredError
  | ModelNotFoundError
  | ModelSignatureError
  | VersionNotFoundError
  | AliasMovedError
  | GateFailedError
  | GateNotFoundError
  | GateStaleError
  | PromotionDecidedError
  | RegistryBusyError
  | RegistryNameError
  | RegistryUnavailableError
  | ModelCorruptError
  | ModelRejectedError
  | OtherContractError
  | UploadError
  | UploadBusyError
  | UploadIdleError
  | UnsignedVersionError
  | VersionNeededError
  | ImportRejectedError
  | BundleError;

/** Code and reason with which each error leaves the service. */
export const SCHEDULER_ERRORS = {
  IsoWeekError: Code.InvalidArgument,
  FutureWeekError: Code.InvalidArgument,
  DiskError: Code.Unavailable,
  JobStoreError: Code.Unavailable,
  InputNotFoundError: Code.NotFound,
  InputPatternError: Code.InvalidArgument,
  InputRejectedError: Code.FailedPrecondition,
  InputUnavailableError: Code.Unavailable,
  StoreUrlError: Code.InvalidArgument,
  ObjectKeyError: Code.InvalidArgument,
  JobNotFoundError: Code.NotFound,
  ScheduleNotFoundError: Code.NotFound,
  ModelNotConfiguredError: Code.NotFound,
  RetrainNotPossibleError: Code.FailedPrecondition,
  RetrainUnderWayError: Code.FailedPrecondition,
  RetrainWindowError: Code.InvalidArgument,
  RunUnderWayError: Code.FailedPrecondition,
  PeerRejectedError: Code.FailedPrecondition,
  PeerUnavailableError: Code.Unavailable,
  ModelNotFoundError: Code.NotFound,
  ModelSignatureError: Code.FailedPrecondition,
  VersionNotFoundError: Code.NotFound,
  AliasMovedError: Code.Aborted,
  GateFailedError: Code.FailedPrecondition,
  GateNotFoundError: Code.NotFound,
  GateStaleError: Code.Aborted,
  PromotionDecidedError: Code.Aborted,
  RegistryBusyError: Code.Unavailable,
  RegistryNameError: Code.InvalidArgument,
  RegistryUnavailableError: Code.Unavailable,
  ModelCorruptError: Code.DataLoss,
  ModelRejectedError: Code.FailedPrecondition,
  OtherContractError: Code.FailedPrecondition,
  UploadError: Code.InvalidArgument,
  UploadBusyError: Code.ResourceExhausted,
  UploadIdleError: Code.DeadlineExceeded,
  UnsignedVersionError: Code.FailedPrecondition,
  VersionNeededError: Code.FailedPrecondition,
  ImportRejectedError: Code.FailedPrecondition,
  BundleError: Code.DataLoss,
} satisfies Record<SchedulerError["name"], Code>;
