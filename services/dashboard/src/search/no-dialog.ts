/**
 * Replaces the dialog of Radix in the page, see vite.config.ts: cmdk imports it for a component that the page does not use.
 * The search is in a dialog of the browser.
 */
export const Root = (): null => null;
export const Portal = Root;
export const Overlay = Root;
export const Content = Root;
