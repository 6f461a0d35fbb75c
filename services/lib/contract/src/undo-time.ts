/** Time in which the server undoes an action on an alert, milliseconds. */
export const UNDO_MS = 60_000;
