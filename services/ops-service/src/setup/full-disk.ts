/** What /readyz shows about the disk of the database. */
export interface FullDisk {
  /** Called when a write has failed because the disk is full. */
  report(): void;
  /** Empty: no write has failed for a minute. */
  readonly text: string;
  /** Called when `text` has changed. */
  onChange: () => void;
}

/** Time for which the text stays after the last write that failed, ms. */
const SHOWN_MS = 60_000;

/** Remembers for a minute that the disk of the database is full. */
export function createFullDisk(): FullDisk {
  let forget: NodeJS.Timeout | undefined;
  const disk = {
    text: "",
    onChange: (): void => {},
    report(): void {
      disk.text = "the disk of the database is full: calls that write are answered with DATABASE_FULL";
      clearTimeout(forget);
      forget = setTimeout(() => {
        disk.text = "";
        disk.onChange();
      }, SHOWN_MS).unref();
      disk.onChange();
    },
  };
  return disk;
}
