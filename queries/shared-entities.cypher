// Papers that share entities with a paper.
// The rarer an entity, the more it counts: the score is the sum of the shared entities' idf.
//
// title: glob - the paper's title or id
// hub: int = 1000 - leave out entities that more papers than this name
// limit: int = 20 - most rows
MATCH (p:Paper)
WHERE p.title =~ $title OR p.id =~ $title
MATCH (p)-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]->(e:Entity)
WHERE e.papers <= $hub
MATCH (e)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]-(q:Paper)
WHERE q.id <> p.id
WITH p, q, e
ORDER BY e.idf DESC, e.name, e.id
WITH p, q, sum(e.idf) AS score, collect(e.name) AS shared
RETURN q.title AS related, q.id AS id, q.year AS year, score, shared, p.title AS paper
ORDER BY score DESC, coalesce(year, 0) DESC, id, p.id
LIMIT $limit
