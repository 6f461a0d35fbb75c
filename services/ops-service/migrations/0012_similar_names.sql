-- The share of the query's trigrams that a similar name must have is a parameter: long queries need a higher one.
DROP FUNCTION "bellwether"."similar_names"(text, int);--> statement-breakpoint
CREATE FUNCTION "bellwether"."similar_names"(query text, max_names int, similarity real) RETURNS TABLE (supplier_id int)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('pg_trgm.word_similarity_threshold', similarity::text, true);
	RETURN QUERY SELECT n.supplier_id FROM (
		SELECT k.supplier_id, k.name_key FROM "bellwether"."supplier_search" k WHERE query <% k.name_key LIMIT 5000
	) n ORDER BY word_similarity(query, n.name_key) DESC, n.name_key, n.supplier_id LIMIT max_names;
END $$;
