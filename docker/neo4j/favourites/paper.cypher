// A paper and what it is about
// Part of its title goes between the quotes; without one it is the paper with most entities.
WITH '' AS part
MATCH (p:Paper)
WHERE toLower(p.title) CONTAINS toLower(part)
WITH p, COUNT { (p)-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES]->(:Entity) } AS entities
ORDER BY entities DESC, p.id
LIMIT 1
MATCH (p)-[r:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES]->(e:Entity)
RETURN p, r, e
ORDER BY r.score DESC, e.id
LIMIT 30
