// A benchmark with its papers and methods
// Part of its name goes between the quotes; without one it is the one that most papers name.
WITH '' AS part
MATCH (b:Entity)
WHERE (b:Benchmark OR b:Dataset) AND toLower(b.name) CONTAINS toLower(part)
WITH b, COUNT { (b)<-[:EVALUATES_ON|EVALUATED_ON]-() } AS uses
ORDER BY uses DESC, b.papers DESC, b.id
LIMIT 1
MATCH (b)<-[r:INTRODUCES|EVALUATES_ON|USES|EVALUATED_ON]-(n)
RETURN b, r, n
ORDER BY r.score DESC, n.id
LIMIT 30
