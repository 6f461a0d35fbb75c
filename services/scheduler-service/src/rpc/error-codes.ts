import type { InputPatternError } from "@bellwether/contract/expand-input";
import type { FutureWeekError, IsoWeekError } from "@bellwether/contract/iso-week";
import type { ObjectKeyError, StoreUrlError } from "@bellwether/object-store/store-error";
import type {
  AliasMovedError,
  ModelCorruptError,
  ModelNotFoundError,
  RegistryBusyError,
  RegistryNameError,
  VersionNotFoundError,
} from "@bellwether/registry/registry-error";
import type { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import { Code } from "@connectrpc/connect";
import type {
  DiskError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
  JobNotFoundError,
  JobStoreError,
  PeerRejectedError,
  PeerUnavailableError,
  RunUnderWayError,
  ScheduleNotFoundError,
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
  | RunUnderWayError
  | ScheduleNotFoundError
  | ModelNotFoundError
  | VersionNotFoundError
  | AliasMovedError
  | RegistryBusyError
  | RegistryNameError
  | ModelCorruptError
  | ModelRejectedError;

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
  RunUnderWayError: Code.FailedPrecondition,
  PeerRejectedError: Code.FailedPrecondition,
  PeerUnavailableError: Code.Unavailable,
  ModelNotFoundError: Code.NotFound,
  VersionNotFoundError: Code.NotFound,
  AliasMovedError: Code.FailedPrecondition,
  RegistryBusyError: Code.Unavailable,
  RegistryNameError: Code.InvalidArgument,
  ModelCorruptError: Code.DataLoss,
  ModelRejectedError: Code.FailedPrecondition,
} satisfies Record<SchedulerError["name"], Code>;
