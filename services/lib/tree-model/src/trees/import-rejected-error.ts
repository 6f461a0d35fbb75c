/**
 * Why a model file is not imported:
 * - "unsafe": the file could harm or mislead whoever loads it (symbolic or hard links, external data, control flow, decompression bombs);
 * - "malformed": the file contradicts itself or its format;
 * - "unsupported": the file is valid but is not a tree model, or uses something that the canonical model cannot express;
 * - "disagrees": the evaluation of the canonical model and that of the runtime differ on the same rows;
 * - "misconverted": the file's predictions differ from those of the trainer on rows that the trainer itself predicted.
 */
export type RejectionKind = "unsafe" | "malformed" | "unsupported" | "disagrees" | "misconverted";

/** A model file was rejected. The message is the reason, written for the person who imports the file. */
export class ImportRejectedError extends Error {
  override readonly name = "ImportRejectedError" as const;
  readonly kind: RejectionKind;

  constructor(kind: RejectionKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}
