import type { FlatSupplierError } from "@bellwether/contract/flat-json/flat-supplier";
import type { FutureWeekError, IsoWeekError } from "@bellwether/contract/iso-week";
import { Code } from "@connectrpc/connect";
import type {
  ApiKeyEndError,
  ApiKeyLimitError,
  ApiKeyNameTakenError,
  ApiKeyNotFoundError,
  ApiKeyScopeError,
} from "../domain/access/api-key-error.ts";
import type {
  CrossSiteRequestError,
  GroupMissingError,
  GroupsUnknownError,
  IdentityProviderUnavailableError,
  ReturnPathError,
  ScopeConflictError,
  ScopeMissingError,
  SessionEndedError,
  SessionExpiredError,
  SessionIdleError,
  SessionInvalidError,
  SessionMissingError,
  SessionNotFoundError,
  SignInBodyError,
  SignInBusyError,
  SignInOffError,
  SignInRejectedError,
  SignInStateError,
} from "../domain/access/sign-in-error.ts";
import type { BacktestBusyError, RuleDraftError } from "../domain/backtest/rule-draft.ts";
import type {
  DelegationFieldError,
  DelegationLimitError,
  DelegationNotFoundError,
  DelegationOverlapError,
  DelegationOwnerError,
  DeputyAwayError,
} from "../domain/delegations/delegation-error.ts";
import type { ExternalSourceNotFoundError } from "../domain/external-scores/external-score.ts";
import type {
  MergeNotFoundError,
  MergeReasonError,
  MergeStateError,
  SupplierChangedError,
} from "../domain/merges/merge-error.ts";
import type {
  AliasNotGrantedError,
  SchedulerServiceUnavailableError,
  SchedulerServiceUnknownError,
} from "../domain/models/alias-error.ts";
import type {
  DestinationDisabledError,
  DestinationNotFoundError,
  NoticeNotFoundError,
  NoticeStateError,
} from "../domain/notices/notice-error.ts";
import type {
  AlertActionError,
  AlertBusyError,
  AlertChangedError,
  AlertNotFoundError,
  AlertResolvedError,
  AlertSequenceError,
  AlertStateError,
  AlertUndoError,
  AuditCheckpointError,
  AuditEventConflictError,
  AuditEventError,
  AuditKindError,
  ChecksFailedError,
  ChunkShapeError,
  DatabaseBusyError,
  DatabaseFullError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  DecisionNotFoundError,
  ErasureNotFoundError,
  ImportMismatchError,
  InputNotStoredError,
  LossLimitError,
  ModelNotFoundError,
  ModelNotScoredError,
  ModelServiceUnavailableError,
  PageTokenError,
  QueryError,
  ReportNotFoundError,
  RequestKeyFormError,
  RequestKeyLimitError,
  RequestKeyMismatchError,
  RunChecksError,
  RunCompleteError,
  RunFencedError,
  RunHeldError,
  RunMismatchError,
  RunNotFoundError,
  RunStateError,
  RunUnderWayError,
  ScoreNotFoundError,
  SupplierNotFoundError,
  TypedTextError,
  VersionGoneError,
  WatchTooSlowError,
} from "../domain/ops-error.ts";
import type {
  OutcomeFieldError,
  OutcomeNotFoundError,
  OutcomeReplacedError,
  PerformanceBusyError,
} from "../domain/outcomes/outcome-error.ts";
import type {
  ModelNotConfiguredError,
  RuleDraftChangedError,
  RuleDraftNotFoundError,
  RuleSetChangedError,
  RuleSetNotFoundError,
  RuleSetOfFileError,
  RuleSetsConflictError,
  RulesOverBudgetError,
} from "../domain/rules/rule-set-error.ts";
import type {
  WatchlistChangedError,
  WatchlistLimitError,
  WatchlistNameTakenError,
  WatchlistNotFoundError,
  WatchlistNotOwnedError,
} from "../domain/watchlists/watchlist-error.ts";

/** Every error of this service that a caller can act on. */
type OpsError =
  | IsoWeekError
  | FutureWeekError
  | LossLimitError
  | ReportNotFoundError
  | RunNotFoundError
  | RunFencedError
  | RunUnderWayError
  | RunCompleteError
  | RunHeldError
  | RunStateError
  | RunChecksError
  | ChecksFailedError
  | RunMismatchError
  | ChunkShapeError
  | AlertNotFoundError
  | AlertResolvedError
  | AlertStateError
  | AlertChangedError
  | AlertBusyError
  | AlertActionError
  | TypedTextError
  | AlertUndoError
  | AlertSequenceError
  | SupplierNotFoundError
  | InputNotStoredError
  | VersionGoneError
  | ScoreNotFoundError
  | ImportMismatchError
  | RequestKeyFormError
  | RequestKeyLimitError
  | RequestKeyMismatchError
  | ModelNotScoredError
  | AuditCheckpointError
  | AuditEventConflictError
  | AuditEventError
  | AuditKindError
  | DecisionNotFoundError
  | ErasureNotFoundError
  | PageTokenError
  | QueryError
  | WatchTooSlowError
  | FlatSupplierError
  | DatabaseBusyError
  | DatabaseTimeoutError
  | DatabaseFullError
  | DatabaseUnavailableError
  | ModelNotFoundError
  | ModelServiceUnavailableError
  | SchedulerServiceUnavailableError
  | SchedulerServiceUnknownError
  | AliasNotGrantedError
  | SessionMissingError
  | SessionInvalidError
  | SessionEndedError
  | SessionExpiredError
  | SessionIdleError
  | SessionNotFoundError
  | CrossSiteRequestError
  | SignInStateError
  | SignInRejectedError
  | SignInBodyError
  | SignInBusyError
  | SignInOffError
  | ReturnPathError
  | GroupMissingError
  | ScopeConflictError
  | ScopeMissingError
  | GroupsUnknownError
  | IdentityProviderUnavailableError
  | ApiKeyNotFoundError
  | ApiKeyNameTakenError
  | ApiKeyLimitError
  | DelegationFieldError
  | DelegationLimitError
  | DelegationNotFoundError
  | DelegationOverlapError
  | DelegationOwnerError
  | DeputyAwayError
  | ApiKeyEndError
  | ApiKeyScopeError
  | NoticeNotFoundError
  | NoticeStateError
  | DestinationNotFoundError
  | DestinationDisabledError
  | OutcomeFieldError
  | OutcomeNotFoundError
  | OutcomeReplacedError
  | PerformanceBusyError
  | RuleDraftError
  | BacktestBusyError
  | RuleDraftNotFoundError
  | ModelNotConfiguredError
  | RuleDraftChangedError
  | RuleSetsConflictError
  | RuleSetNotFoundError
  | RuleSetChangedError
  | RuleSetOfFileError
  | RulesOverBudgetError
  | ExternalSourceNotFoundError
  | WatchlistNotFoundError
  | WatchlistNotOwnedError
  | WatchlistNameTakenError
  | WatchlistChangedError
  | WatchlistLimitError
  | SupplierChangedError
  | MergeStateError
  | MergeReasonError
  | MergeNotFoundError;

/** The gRPC code of each error. */
export const OPS_ERRORS = {
  IsoWeekError: Code.InvalidArgument,
  FutureWeekError: Code.InvalidArgument,
  LossLimitError: Code.FailedPrecondition,
  ReportNotFoundError: Code.NotFound,
  RunNotFoundError: Code.NotFound,
  RunFencedError: Code.Aborted,
  RunUnderWayError: Code.FailedPrecondition,
  RunCompleteError: Code.FailedPrecondition,
  RunHeldError: Code.FailedPrecondition,
  RunStateError: Code.FailedPrecondition,
  RunChecksError: Code.InvalidArgument,
  ChecksFailedError: Code.FailedPrecondition,
  RunMismatchError: Code.FailedPrecondition,
  ChunkShapeError: Code.InvalidArgument,
  AlertNotFoundError: Code.NotFound,
  AlertResolvedError: Code.FailedPrecondition,
  AlertStateError: Code.FailedPrecondition,
  AlertChangedError: Code.Aborted,
  AlertBusyError: Code.Unavailable,
  AlertActionError: Code.InvalidArgument,
  TypedTextError: Code.InvalidArgument,
  AlertUndoError: Code.FailedPrecondition,
  AlertSequenceError: Code.FailedPrecondition,
  SupplierNotFoundError: Code.NotFound,
  InputNotStoredError: Code.FailedPrecondition,
  VersionGoneError: Code.FailedPrecondition,
  ScoreNotFoundError: Code.NotFound,
  ImportMismatchError: Code.Aborted,
  RequestKeyFormError: Code.InvalidArgument,
  RequestKeyLimitError: Code.ResourceExhausted,
  RequestKeyMismatchError: Code.AlreadyExists,
  ModelNotScoredError: Code.NotFound,
  AuditCheckpointError: Code.InvalidArgument,
  AuditEventConflictError: Code.AlreadyExists,
  AuditEventError: Code.InvalidArgument,
  AuditKindError: Code.PermissionDenied,
  DecisionNotFoundError: Code.NotFound,
  ErasureNotFoundError: Code.NotFound,
  PageTokenError: Code.InvalidArgument,
  QueryError: Code.InvalidArgument,
  WatchTooSlowError: Code.ResourceExhausted,
  FlatSupplierError: Code.InvalidArgument,
  DatabaseBusyError: Code.ResourceExhausted,
  DatabaseTimeoutError: Code.DeadlineExceeded,
  DatabaseFullError: Code.Unavailable,
  DatabaseUnavailableError: Code.Unavailable,
  ModelNotFoundError: Code.NotFound,
  ModelServiceUnavailableError: Code.Unavailable,
  SchedulerServiceUnavailableError: Code.Unavailable,
  SchedulerServiceUnknownError: Code.FailedPrecondition,
  AliasNotGrantedError: Code.FailedPrecondition,
  SessionMissingError: Code.Unauthenticated,
  SessionInvalidError: Code.Unauthenticated,
  SessionEndedError: Code.Unauthenticated,
  SessionExpiredError: Code.Unauthenticated,
  SessionIdleError: Code.Unauthenticated,
  SessionNotFoundError: Code.NotFound,
  CrossSiteRequestError: Code.PermissionDenied,
  SignInStateError: Code.InvalidArgument,
  SignInRejectedError: Code.Unauthenticated,
  SignInBodyError: Code.InvalidArgument,
  SignInBusyError: Code.ResourceExhausted,
  SignInOffError: Code.FailedPrecondition,
  ReturnPathError: Code.InvalidArgument,
  GroupMissingError: Code.PermissionDenied,
  ScopeConflictError: Code.PermissionDenied,
  ScopeMissingError: Code.PermissionDenied,
  GroupsUnknownError: Code.PermissionDenied,
  IdentityProviderUnavailableError: Code.Unavailable,
  ApiKeyNotFoundError: Code.NotFound,
  ApiKeyNameTakenError: Code.AlreadyExists,
  ApiKeyLimitError: Code.ResourceExhausted,
  DelegationFieldError: Code.InvalidArgument,
  DelegationLimitError: Code.ResourceExhausted,
  DelegationNotFoundError: Code.NotFound,
  DelegationOverlapError: Code.FailedPrecondition,
  DelegationOwnerError: Code.PermissionDenied,
  DeputyAwayError: Code.FailedPrecondition,
  ApiKeyEndError: Code.InvalidArgument,
  ApiKeyScopeError: Code.InvalidArgument,
  NoticeNotFoundError: Code.NotFound,
  NoticeStateError: Code.FailedPrecondition,
  DestinationNotFoundError: Code.NotFound,
  DestinationDisabledError: Code.FailedPrecondition,
  OutcomeFieldError: Code.InvalidArgument,
  OutcomeNotFoundError: Code.NotFound,
  OutcomeReplacedError: Code.Aborted,
  PerformanceBusyError: Code.ResourceExhausted,
  RuleDraftError: Code.InvalidArgument,
  BacktestBusyError: Code.ResourceExhausted,
  RuleDraftNotFoundError: Code.NotFound,
  ModelNotConfiguredError: Code.NotFound,
  RuleDraftChangedError: Code.Aborted,
  RuleSetsConflictError: Code.FailedPrecondition,
  RuleSetNotFoundError: Code.NotFound,
  RuleSetChangedError: Code.Aborted,
  RuleSetOfFileError: Code.FailedPrecondition,
  RulesOverBudgetError: Code.FailedPrecondition,
  ExternalSourceNotFoundError: Code.NotFound,
  WatchlistNotFoundError: Code.NotFound,
  WatchlistNotOwnedError: Code.PermissionDenied,
  WatchlistNameTakenError: Code.AlreadyExists,
  WatchlistChangedError: Code.Aborted,
  WatchlistLimitError: Code.FailedPrecondition,
  SupplierChangedError: Code.Aborted,
  MergeStateError: Code.FailedPrecondition,
  MergeReasonError: Code.InvalidArgument,
  MergeNotFoundError: Code.NotFound,
} satisfies Record<OpsError["name"], Code>;
