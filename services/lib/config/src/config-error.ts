/** One violation in a configuration file. */
export interface ConfigViolation {
  readonly file: string;
  /** 1-based position of the value, or of the map that lacks it. */
  readonly line: number;
  readonly column: number;
  /** Path of the value, e.g. `features[3].range`; empty for the whole file. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

function violationLine(m: ConfigViolation): string {
  const path = m.path === "" ? "" : ` ${m.path}:`;
  return `  ${m.file}:${m.line}:${m.column}${path} found ${m.found}, expected ${m.expected}`;
}

/** Configuration files are invalid; carries every violation, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError" as const;
  readonly violations: readonly ConfigViolation[];

  constructor(violations: readonly ConfigViolation[]) {
    super(`${violations.length} violation(s) in the configuration:\n${violations.map(violationLine).join("\n")}`);
    this.violations = violations;
  }
}
