import { UsageError } from "../errors/usage-error.ts";

/** @throws UsageError when a model of the local registry is selected for a service, which would ignore the selection */
export function checkModelOptions(options: {
  readonly url?: string;
  readonly model?: string;
  readonly modelVersion?: string;
}): void {
  if (options.url && (options.model || options.modelVersion))
    throw new UsageError(
      "--model and --model-version select a model of the model registry and cannot be combined with --url: the service scores with its champion",
    );
}
