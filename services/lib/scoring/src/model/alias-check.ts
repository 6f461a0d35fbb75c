import type { StoredVersion, VersionCheck } from "@bellwether/registry/versions/read-version";
import { BundleError } from "@bellwether/risk-model/bundle/parse-bundle";
import { ModelRejectedError } from "./model-rejected-error.ts";

/**
 * Wraps `check` for a version that an alias is to be moved to. The errors name the version and the reason,
 * and state that the alias was not moved. @throws ModelRejectedError when the version cannot be served; other
 * errors of `check` unchanged
 */
export function aliasCheck(check: VersionCheck): VersionCheck {
  return async (stored) => {
    try {
      await check(stored);
    } catch (cause) {
      const isRejection = cause instanceof ModelRejectedError || cause instanceof BundleError;
      const checks = cause instanceof ModelRejectedError ? cause.checks : [];
      throw isRejection ? new ModelRejectedError(rejectionText(stored, cause.message), { cause, checks }) : cause;
    }
  };
}

function rejectionText({ manifest }: StoredVersion, reason: string): string {
  return (
    `the alias was not moved: ${manifest.modelName} ${manifest.version} cannot be served: ${reason}; ` +
    "publish the version again, or choose another one"
  );
}
