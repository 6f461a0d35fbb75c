/** Code of a row without a category in a column of `bellwether.inference.v1.CategoryColumn`. */
export const MISSING_CATEGORY_CODE = 0xffff_ffff;
