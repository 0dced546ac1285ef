// What a method builds on, and what builds on it
// Part of its name goes between the quotes; without one it is the one with most such ties.
WITH '' AS part
MATCH (m:Method)-[r:BUILDS_ON|SUBTYPE_OF|PART_OF]-(:Entity)
WHERE toLower(m.name) CONTAINS toLower(part)
WITH m, count(r) AS ties
ORDER BY ties DESC, m.id
LIMIT 1
MATCH way = (m)-[:BUILDS_ON|SUBTYPE_OF|PART_OF*1..2]-(:Entity)
RETURN way
LIMIT 25
