/**
 * Why a model file is not imported:
 * - "unsafe": the file could harm or deceive whoever loads it (links, external data, control flow, bombs);
 * - "malformed": the file contradicts itself or its format;
 * - "unsupported": a sound file that says something the canonical model cannot say, or no tree model at all;
 * - "disagrees": our evaluation and the runtime's differ on the same rows;
 * - "misconverted": the file answers otherwise than the trainer did, on rows that the trainer answered itself.
 */
export type RefusalKind = "unsafe" | "malformed" | "unsupported" | "disagrees" | "misconverted";

/** A model file was refused; the message is the reason, written for the person who holds the file. */
export class ModelRefusedError extends Error {
  override readonly name = "ModelRefusedError" as const;
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}
