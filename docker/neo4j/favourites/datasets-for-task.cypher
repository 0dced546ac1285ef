// Datasets and benchmarks for a task
// Part of its name goes between the quotes; without one it is the task that most of them measure.
WITH '' AS part
MATCH (p:Paper)-[:STUDIES]->(t:Concept)
MATCH (p)-[r:INTRODUCES|EVALUATES_ON|USES]->(d:Entity)
WHERE (d:Dataset OR d:Benchmark) AND toLower(t.name) CONTAINS toLower(part)
WITH t, count(DISTINCT d) AS found
ORDER BY found DESC, t.id
LIMIT 1
MATCH (t)<-[s:STUDIES]-(p:Paper)
MATCH (p)-[r:INTRODUCES|EVALUATES_ON|USES]->(d:Entity)
WHERE d:Dataset OR d:Benchmark
RETURN t, s, p, r, d
ORDER BY r.score DESC, d.id
LIMIT 25
