/** The marker file next to the weekly input, which says that the input is complete. */
export type InputMarker = "none" | "done" | "sha256";

/** What a look at the weekly input found. */
export type SeenInput =
  /** `isAway`: the input folder itself cannot be read, so that nothing is known about the input. */
  | { readonly found: false; readonly reason: string; readonly isAway: boolean }
  | {
      readonly found: true;
      /** Path of the file or folder. */
      readonly file: string;
      /** Changes when size, time or names of the files change. */
      readonly fingerprint: string;
      /** Latest time of change of a file, milliseconds since 1970. Null: objects of a store, which are replaced at once. */
      readonly changedMs: number | null;
      /** Name of the newest file of a folder, below the folder. Absent for a file, and for objects of a store. */
      readonly newestFile?: string;
      /** Whether the marker says that the input is whole. Null: no marker is asked for. */
      readonly marked: { readonly isWhole: boolean; readonly reason: string } | null;
    };

/** State of the input of one week, from all looks at it so far. */
export type InputState =
  | { readonly kind: "absent"; readonly reason: string }
  /** The input is there but may still be written, or it cannot be known whether it is there. */
  | { readonly kind: "unsettled"; readonly reason: string }
  | { readonly kind: "whole"; readonly file: string; readonly fingerprint: string };

/**
 * Decides whether an input is whole: its marker says so, or without a marker its size and time are the same in
 * two looks one after the other.
 * @param previous fingerprint of the look before; null when there was none or it found nothing
 */
export function inputState(seen: SeenInput, previous: string | null): InputState {
  if (!seen.found) return { kind: seen.isAway ? "unsettled" : "absent", reason: seen.reason };
  const { file, fingerprint, marked } = seen;
  if (marked !== null)
    return marked.isWhole ? { kind: "whole", file, fingerprint } : { kind: "unsettled", reason: marked.reason };
  if (previous === fingerprint) return { kind: "whole", file, fingerprint };
  const reason =
    previous === null ? `${file} was seen for the first time` : `${file} has changed since it was last looked at`;
  return { kind: "unsettled", reason: `${reason}; it is used when two looks find the same size and time` };
}
