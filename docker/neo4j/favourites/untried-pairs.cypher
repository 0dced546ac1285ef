// Methods and benchmarks that nobody brought together
// Papers on one task use both, but no paper names both.
MATCH (m:Method)<-[:INTRODUCES|USES]-(p:Paper)
MATCH (p)-[:STUDIES]->(t:Concept)
MATCH (t)<-[:STUDIES]-(q:Paper)
MATCH (q)-[:INTRODUCES|EVALUATES_ON|USES]->(b:Entity)
WHERE (b:Benchmark OR b:Dataset) AND m.idf >= 1
WITH m, b, collect(DISTINCT t.name) AS tasks
WHERE NOT EXISTS { MATCH (m)<--(:Paper)-->(b) }
RETURN m.name AS method, b.name AS benchmark, tasks
ORDER BY size(tasks) DESC, m.papers * b.papers DESC, method, benchmark, m.id, b.id
LIMIT 20
