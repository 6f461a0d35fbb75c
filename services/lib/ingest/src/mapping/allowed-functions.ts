/**
 * The functions that the SQL of a mapping may call, by group, in lower case. Every one returns the same result for the
 * same rows in every run, on every machine, and reads nothing but its arguments. Everything else is rejected.
 * docs/mapping.md lists them; a test holds the list against DuckDB.
 */
export const FUNCTION_GROUPS = {
  Operators:
    "+ - * / // % ** ^ & | << >> ~ @ || ~~ !~~ ~~* !~~* ~~~ ^@ -> ->> && @> <@ like_escape not_like_escape ilike_escape not_ilike_escape",
  Numbers:
    "abs add acos acosh asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor",
  Texts:
    "array_to_string ascii base64 bin char_length character_length chr concat concat_ws contains damerau_levenshtein decode editdist3 encode ends_with format from_base64 hamming hex ilike instr jaccard jaro_similarity jaro_winkler_similarity lcase left length len levenshtein lower lpad ltrim md5 mismatches nfc_normalize ord position prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right rpad rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos substr substring suffix to_base to_hex translate trim typeof ucase unhex unicode upper url_decode url_encode",
  "Dates and times":
    "age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns microsecond millennium millisecond minute month monthname nanosecond quarter second strftime strptime time_bucket timezone to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years try_strptime week weekday weekofyear year yearweek",
  "Missing values": "coalesce ifnull nullif",
  "Lists, structs and maps":
    "apply array_append array_apply array_cat array_concat array_contains array_distinct array_extract array_filter array_has array_has_all array_has_any array_indexof array_intersect array_length array_position array_prepend array_reduce array_reverse array_reverse_sort array_slice array_sort array_transform array_unique array_value array_zip cardinality element_at filter flatten generate_series list_any_value list_append list_apply list_avg list_bool_and list_bool_or list_cat list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_median list_min list_mode list_pack list_position list_prepend list_product list_reduce list_resize list_reverse list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp list_where list_zip map map_concat map_contains map_entries map_extract map_extract_value map_from_entries map_keys map_values range reduce row struct_concat struct_extract struct_extract_at struct_insert struct_pack struct_update unnest",
  JSON: "json_array_length json_contains json_exists json_extract json_extract_path json_extract_path_text json_extract_string json_keys json_type json_valid json_value",
  Aggregates:
    "any_value approx_count_distinct arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat histogram kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode percentile_cont percentile_disc product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop var_samp variance wavg weighted_avg",
  Windows:
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number",
} as const;

const words = (text: string): string[] => text.split(" ");

/** Names of all allowed functions and operators, in lower case. */
export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(Object.values(FUNCTION_GROUPS).flatMap(words));

/** Functions that may stand in FROM, in lower case. */
export const ALLOWED_TABLE_FUNCTIONS: ReadonlySet<string> = new Set(["generate_series", "range", "unnest"]);

/** Names without parentheses that DuckDB replaces by a call when no column has the name. */
export const VALUE_FUNCTIONS: ReadonlySet<string> = new Set(
  words(
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime localtimestamp session_user user",
  ),
);

interface Alternative {
  readonly names: RegExp;
  readonly why: string;
  readonly instead: string;
}

/** Why well-known functions are not allowed, and what to use instead; the first entry that matches counts. */
const ALTERNATIVES: readonly Alternative[] = [
  {
    names:
      /^(?:now|today|ago|age|current_(?:date|time|timestamp|localtime|localtimestamp)|get_current_\w+|transaction_timestamp|localtime|localtimestamp)$/,
    why: "returns a different value in every run",
    instead: "use the snapshot date or a date column of the data",
  },
  {
    names: /^(?:random|setseed|uuid\w*|gen_random_uuid)$/,
    why: "returns a different value in every run",
    instead: "use a column, or md5 of a column",
  },
  {
    names: /^(?:reservoir_quantile|approx_quantile|approx_top_k)$/,
    why: "may return a different value in every run",
    instead: "use quantile_cont or mode",
  },
  {
    names: /^(?:nextval|currval)$/,
    why: "returns a different value in every run",
    instead: "use row_number() over (order by …)",
  },
  { names: /^hash$/, why: "may change with the release of DuckDB", instead: "use md5 or sha256" },
  {
    names: /^(?:query|query_table|json_execute_serialized_sql|json_(?:de)?serialize_\w+)$/,
    why: "runs SQL that is built from texts",
    instead: "write the SELECT itself",
  },
  {
    names: /^(?:list_aggr|list_aggregate|array_aggr|array_aggregate|aggregate)$/,
    why: "calls a function that is named by a text",
    instead: "use list_sum, list_avg, list_max and so on",
  },
  {
    names: /(?:^read_|^write_|_scan$|^scan_|_scan_|^parquet_|^sniff_|^glob$|^http|^load_|^from_substrait|^st_read)/,
    why: "reads or writes files or the network, and a mapping may read only its declared sources",
    instead: "declare the file under sources",
  },
  {
    names:
      /^(?:duckdb_|pragma_|pg_|current_|session_|has_|txid_|in_search_path|which_secret|user$|version$|getenv|getvariable|vector_type|sql_auto|set_|enable_|disable_|sleep|test_|checkpoint|force_checkpoint|seq_scan|index_scan|summary|storage_info)/,
    why: "reads or changes the state of the system",
    instead: "use the columns of the sources",
  },
];

/** Returns why a function is not allowed and what to use instead; null when it is not a well-known one. */
export function alternativeTo(name: string): Omit<Alternative, "names"> | null {
  return ALTERNATIVES.find(({ names }) => names.test(name)) ?? null;
}
