/** Words that DuckDB does not read as a column without quotes. */
const RESERVED = new Set(
  "all analyse analyze and anti any array as asc asof asymmetric authorization between bigint binary bit boolean both by case cast char character check coalesce collate collation column columns concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc describe distinct do else end except exists extract false fetch float for foreign freeze from full generated glob grant group grouping_id having ilike in initially inner inout int integer intersect interval into is isnull join lambda lateral leading left like limit localtime localtimestamp map natural national nchar none not notnull null nullif numeric offset on only or order out outer overlaps overlay pivot pivot_longer pivot_wider placing position positional precision primary qualify real references returning right row select semi session_user setof show similar smallint some struct substring summarize symmetric table tablesample then time timestamp to trailing treat trim true try_cast union unique unpack unpivot user using values varchar variadic verbose when where window with within xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable".split(
    " ",
  ),
);

const MAX_LENGTH = 63;

/** German letters as they are written without umlauts. */
const GERMAN: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", ß: "ss", Ä: "Ae", Ö: "Oe", Ü: "Ue" };

/** Returns a name for each header that SQL reads without quotes: a-z, 0-9 and _, different from all others. */
export function columnNames(headers: readonly string[], taken: readonly string[] = []): string[] {
  const used = new Set(taken);
  return headers.map((header, i) => {
    const plain = header
      .normalize("NFC")
      .replace(/[äöüßÄÖÜ]/g, (letter) => GERMAN[letter] ?? letter)
      .normalize("NFKD")
      .replace(/([a-z])([A-Z])/g, "$1_$2")
      .toLowerCase()
      .replace(/\p{M}+/gu, "")
      .replace(/%/g, " percent ")
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "");
    const started = plain === "" ? `column_${i + 1}` : /^[a-z]/.test(plain) ? plain : `c_${plain}`;
    const short = started.slice(0, MAX_LENGTH - 8).replace(/_+$/, "");
    const base = RESERVED.has(short) ? `${short}_value` : short;
    let name = base;
    for (let number = 2; used.has(name); number++) name = `${base}_${number}`;
    used.add(name);
    return name;
  });
}
