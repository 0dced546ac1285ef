// Methods and benchmarks that nobody brought together
// Papers on one task use both, but no paper names both. What every 20th paper names is left out.
MATCH (p:Paper)
WITH 3 + count(p) / 20 AS most
MATCH (m:Method)
WHERE m.papers <= most
WITH m, most
ORDER BY m.papers DESC, m.id
LIMIT 20
MATCH (m)<-[:INTRODUCES|USES]-(p:Paper)
MATCH (p)-[:STUDIES]->(t:Concept {kind: 'task'})
WHERE t.papers <= most
WITH DISTINCT m, t
MATCH (t)<-[:STUDIES]-(q:Paper)
MATCH (q)-[:INTRODUCES|EVALUATES_ON|USES]->(b:Benchmark)
WITH DISTINCT m, t, b
WITH m, b, collect(t.name) AS tasks
WHERE NOT EXISTS { MATCH (m)<--(:Paper)-->(b) }
RETURN m.name AS method, b.name AS benchmark, tasks
ORDER BY size(tasks) DESC, m.papers * b.papers DESC, method, benchmark, m.id, b.id
LIMIT 20
