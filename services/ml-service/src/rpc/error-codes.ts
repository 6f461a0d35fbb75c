import type { FlatSupplierError } from "@bellwether/contract/flat-json/flat-supplier";
import type {
  GateNotFoundError,
  ModelCorruptError,
  ModelNotFoundError,
  ModelSignatureError,
  RegistryNameError,
  RegistryUnavailableError,
  VersionNotFoundError,
} from "@bellwether/registry/registry-error";
import type { BundleError } from "@bellwether/risk-model/bundle/parse-bundle";
import type { ImportanceError } from "@bellwether/risk-model/importance/importance";
import type {
  BatchQueueFullError,
  BatchWorkerLostError,
  SearchQueueFullError,
} from "@bellwether/scoring/batch/batch-pool-error";
import type { NotComparableError } from "@bellwether/scoring/change/not-comparable-error";
import type {
  ChangeLimitError,
  NoBandError,
  NotSearchableError,
} from "@bellwether/scoring/counterfactual/counterfactual-error";
import type { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import type { InvalidSupplierError, NotExplainableError } from "@bellwether/scoring/score/score-supplier";
import { Code } from "@connectrpc/connect";
import type {
  BatchShapeError,
  ChangeModelError,
  ModelLoadsFullError,
  ModelNotConfiguredError,
  ModelNotReadyError,
  StreamsFullError,
  SupplierIdError,
  VersionNotAllowedError,
  VersionNotReadyError,
} from "../domain/ml-error.ts";
import type { TensorError } from "./open-inference/tensor-error.ts";

/** Every error of this service that a caller can act on. */
type MlError =
  | ModelNotReadyError
  | ModelNotConfiguredError
  | VersionNotReadyError
  | ModelLoadsFullError
  | VersionNotAllowedError
  | BatchShapeError
  | StreamsFullError
  | TensorError
  | SupplierIdError
  | BatchQueueFullError
  | BatchWorkerLostError
  | SearchQueueFullError
  | ChangeLimitError
  | NoBandError
  | NotSearchableError
  | InvalidSupplierError
  | FlatSupplierError
  | NotExplainableError
  | NotComparableError
  | ChangeModelError
  | ModelNotFoundError
  | ModelSignatureError
  | VersionNotFoundError
  | GateNotFoundError
  | ModelCorruptError
  | ModelRejectedError
  | BundleError
  | ImportanceError
  | RegistryNameError
  | RegistryUnavailableError;

/** The gRPC code of each error. */
export const ML_ERRORS = {
  ModelNotReadyError: Code.Unavailable,
  ModelNotConfiguredError: Code.NotFound,
  VersionNotReadyError: Code.NotFound,
  ModelLoadsFullError: Code.ResourceExhausted,
  VersionNotAllowedError: Code.PermissionDenied,
  BatchShapeError: Code.InvalidArgument,
  StreamsFullError: Code.ResourceExhausted,
  TensorError: Code.InvalidArgument,
  SupplierIdError: Code.InvalidArgument,
  BatchQueueFullError: Code.ResourceExhausted,
  BatchWorkerLostError: Code.Unavailable,
  SearchQueueFullError: Code.ResourceExhausted,
  ChangeLimitError: Code.InvalidArgument,
  NoBandError: Code.FailedPrecondition,
  NotSearchableError: Code.FailedPrecondition,
  InvalidSupplierError: Code.InvalidArgument,
  FlatSupplierError: Code.InvalidArgument,
  NotExplainableError: Code.FailedPrecondition,
  NotComparableError: Code.FailedPrecondition,
  ChangeModelError: Code.InvalidArgument,
  ModelNotFoundError: Code.NotFound,
  ModelSignatureError: Code.FailedPrecondition,
  VersionNotFoundError: Code.NotFound,
  GateNotFoundError: Code.NotFound,
  ModelCorruptError: Code.DataLoss,
  ModelRejectedError: Code.FailedPrecondition,
  BundleError: Code.DataLoss,
  ImportanceError: Code.DataLoss,
  RegistryNameError: Code.InvalidArgument,
  RegistryUnavailableError: Code.Unavailable,
} satisfies Record<MlError["name"], Code>;
