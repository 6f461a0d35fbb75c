-- Similar names are found by parts of their words.
DROP FUNCTION "bellwether"."similar_names"(text, int);
