/** Bytes with a special meaning in a UTF-8 CSV file. */
export const BYTE = { tab: 0x09, lf: 0x0a, cr: 0x0d, space: 0x20, quote: 0x22 } as const;
