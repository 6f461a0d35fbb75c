/** A valid name of a model, in the registry, in model_config.yaml and in `import --name`. */
export const MODEL_NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** The rule of MODEL_NAME_PATTERN in words. */
export const MODEL_NAME_RULE = "lower-case letters a-z, digits and -, not starting with -, at most 64";
