// Bounds from proto/ that programs need before they send, or for columns whose total size protovalidate
// cannot check. limits.test.ts checks each one against the option of its field.

/** Maximum length of a contract text, in bytes of UTF-8. */
export const MAX_CONTRACT_TEXT_BYTES = 1_048_576;

/** Maximum length of a supplier id, in bytes of UTF-8. */
export const MAX_SUPPLIER_ID_BYTES = 128;

/** Maximum length of a feature's name in a request, in bytes of UTF-8. */
export const MAX_FEATURE_NAME_BYTES = 128;

/** Maximum length of a supplier's display name, in bytes of UTF-8. */
export const MAX_SUPPLIER_NAME_BYTES = 512;

/** Maximum length of a category, and of a name or text of a ModelFeature, in bytes of UTF-8. */
export const MAX_CATEGORY_BYTES = 256;

/** Maximum number of suppliers of one PredictBatch or SubmitChunk. */
export const MAX_BATCH_ROWS = 8_192;

/** Maximum number of chunks of a weekly run. */
export const MAX_CHUNKS = 32_768;

/** Maximum number of suppliers of one PredictRows, and of rows of `POST /predict/batch`. */
export const MAX_ROWS = 1_000;

/** Maximum number of numeric features of one Supplier. */
export const MAX_SUPPLIER_FEATURES = 1_024;

/** Maximum number of categories of one Supplier. */
export const MAX_SUPPLIER_CATEGORIES = 256;

/** Maximum number of features of one batch. */
export const MAX_BATCH_FEATURES = 1_024;

/** Maximum number of categories of one ModelFeature. */
export const MAX_FEATURE_CATEGORIES = 1_024;

/** Maximum number of bytes of the feature values of one SubmitChunk. */
export const MAX_FEATURE_VALUE_BYTES = 8_388_608;

/** Maximum size of a PredictBatch or SubmitChunk request, in bytes. */
export const MAX_BATCH_REQUEST_BYTES = 16_777_216;
