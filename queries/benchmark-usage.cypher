// Where a benchmark or dataset is used: the papers, in which role, and the sentence that says so.
//
// benchmark: glob = "*" - its name or an alias
// limit: int = 50 - most rows
MATCH (b:Entity)
WHERE (b:Benchmark OR b:Dataset)
  AND (b.name =~ $benchmark OR any(alias IN b.aliases WHERE alias =~ $benchmark))
MATCH (b)<-[r:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]-(p:Paper)
RETURN b.name AS benchmark, type(r) AS role, p.title AS paper, p.id AS id, p.year AS year,
       r.sentences[0] AS sentence
ORDER BY b.papers DESC, benchmark, b.id,
         CASE type(r) WHEN 'INTRODUCES' THEN 0 WHEN 'EVALUATES_ON' THEN 1 WHEN 'USES' THEN 2
                      WHEN 'COMPARES_TO' THEN 3 WHEN 'STUDIES' THEN 4 ELSE 5 END,
         coalesce(year, 0) DESC, id
LIMIT $limit
