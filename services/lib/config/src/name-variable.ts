import { ConfigError } from "./config-error.ts";
import { NO_FILE } from "./yaml-file.ts";

/**
 * Waits for files to be read. When one of them does not exist, the error names the variable that sets its path.
 * @param variables path of a file → its variable
 * @throws ConfigError
 */
export async function nameVariable<T>(reading: Promise<T>, variables: Readonly<Record<string, string>>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const violations = error.violations.map((violation) => {
      const variable = violation.found === NO_FILE ? variables[violation.file] : undefined;
      return variable === undefined
        ? violation
        : { ...violation, expected: `${violation.expected}; ${variable} names another file` };
    });
    throw new ConfigError(violations);
  }
}
