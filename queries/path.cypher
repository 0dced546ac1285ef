// How two papers hang together: the shortest ways from one to the other over shared entities.
// Of equally short ways, those over rarer entities come first.
//
// start: glob - the first paper's title or id
// end: glob - the other paper's title or id
// limit: int = 5 - most rows
MATCH (a:Paper)
WHERE a.title =~ $start OR a.id =~ $start
MATCH (b:Paper)
WHERE (b.title =~ $end OR b.id =~ $end) AND b.id <> a.id
MATCH way = allShortestPaths((a)-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS*..8]-(b))
WITH length(way) AS steps, [n IN nodes(way) | coalesce(n.title, n.name)] AS via,
     [r IN relationships(way) | type(r)] AS roles, [n IN nodes(way) | n.id] AS ids,
     reduce(total = 0.0, n IN nodes(way) | total + coalesce(n.idf, 0.0)) AS rarity
RETURN steps, via, roles, rarity
ORDER BY steps, rarity DESC, ids
LIMIT $limit
