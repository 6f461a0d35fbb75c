/**
 * The position of a reader on a page. It is stored in the entry of the browser's history, so that reload,
 * back and forward restore it.
 */
export interface KeptPlace {
  /** Vertical scroll position, CSS pixels. */
  readonly y: number;
  /** `data-keep` of the control that has the focus. Empty: none. */
  readonly control: string;
  /** Number of pages of the list that were loaded, at least 1. */
  readonly pages: number;
  /** Scroll position of the list inside the page, CSS pixels. */
  readonly listTop: number;
}

const START: KeptPlace = { y: 0, control: "", pages: 1, listTop: 0 };
const SAVE_AFTER_MS = 150;
const LOOK_EVERY_MS = 50;
const GIVE_UP_AFTER_MS = 5_000;
const READER_INPUT = ["wheel", "pointerdown", "keydown", "touchstart"];

/** Reads the position from the present entry of the history. Undefined: the entry is new. */
export function keptPlace(): KeptPlace | undefined {
  const state: unknown = window.history.state;
  if (typeof state !== "object" || state === null || !("place" in state)) return undefined;
  const { place } = state;
  if (typeof place !== "object" || place === null) return undefined;
  const { y, control, pages, listTop } = { ...START, ...place };
  return typeof y === "number" &&
    typeof control === "string" &&
    typeof pages === "number" &&
    typeof listTop === "number"
    ? { y, control, pages, listTop }
    : undefined;
}

export function keepPlace(change: Partial<KeptPlace>): void {
  const place = { ...(keptPlace() ?? { ...START, y: window.scrollY }), ...change };
  window.history.replaceState({ ...window.history.state, place }, "");
}

/**
 * Stores the reader's position from now on, and restores it when the history entry has one. Returns a
 * function that stops this.
 */
export function startKeepingPlaces(): () => void {
  window.history.scrollRestoration = "manual";
  let saving: ReturnType<typeof setTimeout> | undefined;
  let stopLooking: (() => void) | undefined;
  const saveScroll = (): void => {
    if (stopLooking) return;
    clearTimeout(saving);
    saving = setTimeout(() => keepPlace({ y: window.scrollY }), SAVE_AFTER_MS);
  };
  const saveFocus = ({ target }: Event): void => {
    if (stopLooking || !(target instanceof HTMLElement)) return;
    keepPlace({ control: target.dataset.keep ?? "", y: window.scrollY });
  };
  const saveNow = (): void => {
    clearTimeout(saving);
    if (!stopLooking) keepPlace({ y: window.scrollY });
  };
  const arrive = (): void => {
    clearTimeout(saving);
    stopLooking?.();
    const place = keptPlace();
    if (place) stopLooking = goTo(place, () => (stopLooking = undefined));
  };
  const listeners: [EventTarget, string, (event: Event) => void][] = [
    [window, "scroll", saveScroll],
    [document, "focusin", saveFocus],
    [window, "pagehide", saveNow],
    [window, "popstate", arrive],
  ];
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  arrive();
  return () => {
    stopLooking?.();
    clearTimeout(saving);
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
  };
}

/** Scrolls and focuses as soon as the page is long enough and has the control, unless the reader acts first. */
function goTo({ y, control }: KeptPlace, onEnd: () => void): () => void {
  const startedMs = performance.now();
  const look = (): void => {
    const isOver = performance.now() - startedMs > GIVE_UP_AFTER_MS;
    const found =
      control === "" ? undefined : document.querySelector<HTMLElement>(`[data-keep="${CSS.escape(control)}"]`);
    const isLong = document.documentElement.scrollHeight - window.innerHeight >= y;
    if (!isOver && (found === null || !isLong)) return;
    found?.focus({ preventScroll: true });
    window.scrollTo(0, y);
    end();
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  const end = (): void => {
    clearInterval(timer);
    for (const type of READER_INPUT) window.removeEventListener(type, end, true);
    onEnd();
  };
  for (const type of READER_INPUT) window.addEventListener(type, end, true);
  return end;
}
