/** What a key does in the inbox. */
export type InboxCommand =
  | "next"
  | "previous"
  | "first"
  | "last"
  | "open"
  | "close"
  | "acknowledge"
  | "mitigate"
  | "resolve"
  | "snooze"
  | "handOver"
  | "comment"
  | "select"
  | "selectAll"
  | "undo"
  | "search"
  | "showChanges"
  | "export"
  | "help";

/** A key press, with where it happened. */
export interface KeyPress {
  readonly key: string;
  /** Whether Ctrl, Alt or Meta is pressed: such keys belong to the browser. */
  readonly hasModifier: boolean;
  /** Whether the key is held down. */
  readonly repeat: boolean;
  /**
   * The kind of control that has the focus: a field or a form takes all keys, a button or link takes Enter and
   * the space bar.
   */
  readonly in: "field" | "form" | "button" | "page";
}

/** Keys that move the reader: a key that is held down moves on. */
const MOVES: ReadonlyMap<string, InboxCommand> = new Map([
  ["j", "next"],
  ["ArrowDown", "next"],
  ["k", "previous"],
  ["ArrowUp", "previous"],
  ["Home", "first"],
  ["End", "last"],
]);

/** Keys that act: once for each press. */
const ACTS: Readonly<Record<string, InboxCommand>> = {
  a: "acknowledge",
  m: "mitigate",
  r: "resolve",
  s: "snooze",
  h: "handOver",
  c: "comment",
  x: "select",
  X: "selectAll",
  u: "undo",
  e: "export",
  "/": "search",
  ".": "showChanges",
  "?": "help",
  Escape: "close",
};

/** The keys with what they do, for the help sheet. */
export const KEY_HELP: readonly (readonly [keys: string, what: string])[] = [
  ["j, ↓", "Next alert"],
  ["k, ↑", "Previous alert"],
  ["Enter", "Open the panel of the alert"],
  ["Esc", "Close the form, then the panel, then the selection"],
  ["a", "Acknowledge, and go to the next alert"],
  ["m", "In mitigation: somebody reduces the risk; then go to the next alert"],
  ["r", "Resolve, and go to the next alert"],
  ["s", "Snooze, and go to the next alert"],
  ["h", "Hand over, and go to the next alert"],
  ["c", "Comment"],
  ["x", "Select or deselect, for an action on several alerts"],
  ["X", "Select all loaded alerts, or none"],
  ["u", "Undo the last action, within 60 seconds"],
  ["e", "Export the list as CSV"],
  [".", "Show the changes of others in the list"],
  ["/", "Search in the list"],
  ["Ctrl K", "Find a supplier, or go to a page"],
  ["?", "This help"],
];

/**
 * Returns what a key press does. Undefined: nothing, the browser handles it.
 * @param areLettersOn whether keys that are one character have an effect
 */
export function commandOf(press: KeyPress, areLettersOn: boolean): InboxCommand | undefined {
  const { key, hasModifier, repeat } = press;
  if (hasModifier || press.in === "field" || press.in === "form") return undefined;
  if (!areLettersOn && key.length === 1) return undefined;
  const move = MOVES.get(key);
  if (move) return move;
  if (repeat) return undefined;
  if (key === "Enter") return press.in === "page" ? "open" : undefined;
  return Object.hasOwn(ACTS, key) ? ACTS[key] : undefined;
}

/** Input types in which a key changes the value. */
const FIELD_TYPES = new Set(["text", "search", "date", "number", "email", "url", "tel", "password", "datetime-local"]);

/** Returns the kind of control that gets a key press. */
export function controlKindOf(target: EventTarget | null): KeyPress["in"] {
  if (!(target instanceof HTMLElement)) return "page";
  if (target instanceof HTMLInputElement && FIELD_TYPES.has(target.type)) return "field";
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable) {
    return "field";
  }
  if (target.closest("form, dialog, [role=menu], [role=dialog]")) return "form";
  return target.closest("button, a, summary, input") ? "button" : "page";
}
