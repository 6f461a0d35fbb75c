import { Code } from "@connectrpc/connect";
import type {
  InputNotFoundError,
  IsoWeekError,
  JobNotFoundError,
  PeerRefusedError,
  PeerUnavailableError,
  ScheduleNotFoundError,
} from "../domain/scheduler-error.ts";

/** Every error of this service that a caller can act on. */
type SchedulerError =
  | IsoWeekError
  | InputNotFoundError
  | JobNotFoundError
  | PeerRefusedError
  | PeerUnavailableError
  | ScheduleNotFoundError;

/** The code that each of them leaves with. */
export const SCHEDULER_ERRORS = {
  IsoWeekError: Code.InvalidArgument,
  InputNotFoundError: Code.NotFound,
  JobNotFoundError: Code.NotFound,
  ScheduleNotFoundError: Code.NotFound,
  PeerRefusedError: Code.FailedPrecondition,
  PeerUnavailableError: Code.Unavailable,
} satisfies Record<SchedulerError["name"], Code>;
