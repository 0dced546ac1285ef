// How two papers hang together
// Part of a title goes between each pair of quotes; without it any paper will do.
WITH '' AS first, '' AS second
MATCH (a:Paper)
WHERE toLower(a.title) CONTAINS toLower(first)
WITH a, second, COUNT { (a)-[:RELATED_TO]-(:Paper) } AS relatives
ORDER BY relatives DESC, a.id
LIMIT 1
MATCH (b:Paper)
WHERE toLower(b.title) CONTAINS toLower(second) AND b.id <> a.id
WITH a, b
ORDER BY b.id
LIMIT 25
MATCH way = shortestPath(
  (a)-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS*..6]-(b))
RETURN way
ORDER BY length(way) DESC, b.id
LIMIT 3
