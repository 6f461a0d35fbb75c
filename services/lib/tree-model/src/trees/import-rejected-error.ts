/**
 * Why a model file is not imported:
 * - "unsafe": the file could harm or deceive whoever loads it (links, external data, control flow, bombs);
 * - "malformed": the file contradicts itself or its format;
 * - "unsupported": a sound file that says something the canonical model cannot say, or no tree model at all;
 * - "disagrees": our evaluation and the runtime's differ on the same rows;
 * - "misconverted": the file answers otherwise than the trainer did, on rows that the trainer answered itself.
 */
export type RejectionKind = "unsafe" | "malformed" | "unsupported" | "disagrees" | "misconverted";

/** A model file was refused; the message is the reason, written for the person who holds the file. */
export class ImportRejectedError extends Error {
  override readonly name = "ImportRejectedError" as const;
  readonly kind: RejectionKind;

  constructor(kind: RejectionKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}
