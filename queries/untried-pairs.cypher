// Pairs of method and benchmark that nobody tried, though papers on the same tasks use both.
// The more tasks they share and the more papers name them, the higher. Methods that are all around,
// such as language models, are left out.
//
// method: glob = "*" - the method's name or an alias
// benchmark: glob = "*" - the benchmark's name or an alias
// papers: int = 2 - fewest papers that name the method, and the benchmark
// idf: float = 3 - rarity that a method must have; 3 leaves out what every 20th paper names
// limit: int = 20 - most rows
MATCH (m:Method)<-[:INTRODUCES|USES|COMPARES_TO|STUDIES]-(p:Paper)
WHERE m.papers >= $papers AND m.idf >= $idf
  AND (m.name =~ $method OR any(alias IN m.aliases WHERE alias =~ $method))
MATCH (p)-[:STUDIES]->(t:Concept {kind: 'task'})
WITH DISTINCT m, t
MATCH (t)<-[:STUDIES]-(q:Paper)
MATCH (q)-[:INTRODUCES|EVALUATES_ON|USES]->(b:Benchmark)
WHERE b.papers >= $papers
  AND (b.name =~ $benchmark OR any(alias IN b.aliases WHERE alias =~ $benchmark))
WITH DISTINCT m, t, b
ORDER BY t.idf DESC, t.name, t.id
WITH m, b, collect(t.name) AS tasks
WHERE NOT EXISTS {
    MATCH (m)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]-(:Paper)
          -[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]->(b)
  }
  AND NOT EXISTS { MATCH (m)-[:EVALUATED_ON]->(b) }
RETURN m.name AS method, b.name AS benchmark, tasks, m.papers AS method_papers,
       b.papers AS benchmark_papers
ORDER BY size(tasks) DESC, method_papers * benchmark_papers DESC, method, benchmark, m.id, b.id
LIMIT $limit
