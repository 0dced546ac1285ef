// Datasets and benchmarks for a task.
// Counts the papers on the task that use them, and those that state what they measure; names the
// newest three.
//
// task: glob = "*" - the task's name or an alias
// limit: int = 20 - most rows
MATCH (t:Concept)
WHERE t.kind <> 'metric' AND (t.name =~ $task OR any(alias IN t.aliases WHERE alias =~ $task))
CALL (t) {
  MATCH (t)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES]-(p:Paper)
  MATCH (p)-[:INTRODUCES|EVALUATES_ON|USES]->(d:Entity)
  WHERE d:Dataset OR d:Benchmark
  RETURN d, p.id AS paper, 0 AS stated
  UNION ALL
  MATCH (t)<-[r:MEASURES]-(d:Entity)
  WHERE d:Dataset OR d:Benchmark
  UNWIND r.papers AS paper
  RETURN d, paper, 1 AS stated
}
WITH t, d, paper, sum(stated) AS stated
WITH t, d, count(paper) AS papers, sum(stated) AS stated, collect(paper) AS ids
ORDER BY papers DESC, stated DESC, t.name, d.name, t.id, d.id
LIMIT $limit
UNWIND ids AS paper
MATCH (p:Paper {id: paper})
WITH t, d, papers, stated, p
ORDER BY coalesce(p.year, 0) DESC, p.id
WITH t, d, papers, stated, collect(p.title) AS titles
RETURN t.name AS task, d.name AS dataset, [l IN labels(d) WHERE l <> 'Entity'][0] AS label,
       papers, stated, titles[..3] AS titles
ORDER BY papers DESC, stated DESC, task, dataset, t.id, d.id
