/** Returns what somebody typed as one line, as the contract wants reasons. */
export const inOneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
