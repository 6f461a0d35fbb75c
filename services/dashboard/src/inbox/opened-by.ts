import type { RefObject } from "react";

/** What a popover or a menu needs to know about the button that opened it. */
export interface OpenedBy {
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly onClose: () => void;
}

/** Whether an event happened in the button, which closes what it opened by itself. */
export const isIn = (button: OpenedBy["button"], target: EventTarget | null): boolean =>
  target instanceof Node && button.current !== null && button.current.contains(target);
