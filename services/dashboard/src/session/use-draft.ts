import { useState } from "react";

/** Begin of the keys under which texts are stored. */
const PREFIX = "draft/";
/** Maximum length of a stored text, more than the contract allows: a pasted text is kept until it is made shorter. */
const MAX_LENGTH = 100_000;

/**
 * A text that a reader types. It is stored until it is sent or thrown away, so that nothing typed is lost when
 * the page is loaded again, for example to sign in.
 * @param name identifies the field and the alert
 * @param maxLength maximum length of a stored text; the default is that of notes
 */
export function useDraft(
  name: string,
  maxLength = MAX_LENGTH,
): readonly [text: string, setText: (text: string) => void, clear: () => void] {
  const key = `${PREFIX}${name}`;
  const [text, setText] = useState(() => read(key, maxLength));
  const change = (next: string): void => {
    setText(next);
    store(key, next);
  };
  return [text, change, () => store(key, "")];
}

/** Key under which the person is stored whose texts these are. */
const PERSON_KEY = "drafts-of";

/**
 * Removes all stored texts when another person has signed in than the one who typed them.
 * @returns whether it was another person
 */
export function claimDrafts(person: string): boolean {
  const before = read(PERSON_KEY, Number.POSITIVE_INFINITY);
  if (before === person) return false;
  if (before !== "") clearDrafts();
  store(PERSON_KEY, person);
  return before !== "";
}

/** Removes all stored texts: the next person at this screen must not see them. */
export function clearDrafts(): void {
  try {
    const keys = Array.from({ length: sessionStorage.length }, (_, i) => sessionStorage.key(i) ?? "");
    for (const key of keys) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // As in `read`.
  }
}

function read(key: string, maxLength: number): string {
  try {
    return (sessionStorage.getItem(key) ?? "").slice(0, maxLength);
  } catch {
    // The browser does not allow storage: the text is kept as long as the form is open.
    return "";
  }
}

function store(key: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // As in `read`.
  }
}
