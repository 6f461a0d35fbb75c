import { type Command, Help, type Option } from "commander";

/** Options that many commands have, in the order in which --help lists them after the others. */
const SHARED = [
  ...["--config", "--mapping", "--model", "--model-version"],
  ...["--url", "--ml", "--ops", "--scheduler"],
  ...["--json", "--help"],
];

/** Returns the options that --help lists: the required ones first, the shared ones last, the others as declared. */
export function visibleOptions(this: Help, command: Command): Option[] {
  const rank = ({ mandatory, long }: Option): number => (mandatory ? -2 : SHARED.indexOf(long ?? ""));
  return Help.prototype.visibleOptions.call(this, command).toSorted((a, b) => rank(a) - rank(b));
}
