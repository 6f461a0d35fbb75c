import { ModelCheckKind, VersionOrigin } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import {
  SegmentMeasure,
  ShadowDropReason,
  ShadowState,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";

type Words = Readonly<Record<number, string>>;

export const ORIGIN_WORDS: Words = {
  [VersionOrigin.UNSPECIFIED]: "Not known",
  [VersionOrigin.TRAINED]: "Trained",
  [VersionOrigin.IMPORTED]: "Imported",
  [VersionOrigin.SCORECARD]: "Scorecard",
};

/** The checks as docs/registry.md names them. */
export const CHECK_WORDS: Words = {
  [ModelCheckKind.SIZE]: "size",
  [ModelCheckKind.DIGEST]: "digest",
  [ModelCheckKind.SIGNATURE]: "signature",
  [ModelCheckKind.BUNDLE]: "bundle",
  [ModelCheckKind.OPERATORS]: "operators",
  [ModelCheckKind.CONTRACT]: "contract",
  [ModelCheckKind.GOLDEN_ROWS]: "golden rows",
  [ModelCheckKind.ADDITIVITY]: "additivity",
  [ModelCheckKind.MISSING_ROW]: "missing row",
  [ModelCheckKind.LATENCY]: "latency",
};

export const SHADOW_WORDS: Words = {
  [ShadowState.OFF]: "Off: SHADOW_SHARE of ml-service is 0",
  [ShadowState.NO_CHAMPION]: "No champion is served",
  [ShadowState.NO_CHALLENGER]: "No challenger yet",
  [ShadowState.SAME_VERSION]: "Champion and challenger are the same version",
  [ShadowState.LOADING]: "The versions are being loaded",
  [ShadowState.RUNNING]: "The challenger scores",
  [ShadowState.REJECTED]: "The challenger cannot be loaded",
  [ShadowState.UNREADABLE]: "The registry cannot be read",
  [ShadowState.STOPPED]: "Stopped: the thread of the challenger ended several times",
};

export const DROP_WORDS: Words = {
  [ShadowDropReason.QUEUE_FULL]: "the queue was full",
  [ShadowDropReason.TOO_OLD]: "waited longer than a minute",
  [ShadowDropReason.BATCH_NOT_READ]: "in a batch that was not examined",
  [ShadowDropReason.VERSIONS_CHANGED]: "a version changed",
  [ShadowDropReason.THREAD_ENDED]: "the thread of the challenger ended",
  [ShadowDropReason.THREAD_SILENT]: "the thread of the challenger did not answer",
};

export const MEASURE_WORDS: Words = {
  [SegmentMeasure.SHIFT]: "score shift",
  [SegmentMeasure.BANDS_CHANGED]: "share of other bands",
};
