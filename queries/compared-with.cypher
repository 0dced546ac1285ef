// What is compared with a method.
// Counts the papers that compare the two, and those that state which one is better; names the
// newest three.
//
// method: glob = "*" - its name or an alias
// limit: int = 20 - most rows
MATCH (m:Method)
WHERE m.name =~ $method OR any(alias IN m.aliases WHERE alias =~ $method)
CALL (m) {
  MATCH (m)<-[:COMPARES_TO]-(p:Paper)
  MATCH (p)-[:INTRODUCES|COMPARES_TO|STUDIES]->(o:Method)
  WHERE o.id <> m.id
  RETURN o, p.id AS paper, 0 AS better, 0 AS worse
  UNION ALL
  MATCH (m)<-[:INTRODUCES|STUDIES]-(p:Paper)
  MATCH (p)-[:COMPARES_TO]->(o:Method)
  RETURN o, p.id AS paper, 0 AS better, 0 AS worse
  UNION ALL
  MATCH (m)-[r:OUTPERFORMS]->(o:Method)
  UNWIND r.papers AS paper
  RETURN o, paper, 1 AS better, 0 AS worse
  UNION ALL
  MATCH (m)<-[r:OUTPERFORMS]-(o:Method)
  UNWIND r.papers AS paper
  RETURN o, paper, 0 AS better, 1 AS worse
}
WITH m, o, paper, sum(better) AS better, sum(worse) AS worse
WITH m, o, count(paper) AS papers, sum(better) AS better, sum(worse) AS worse,
     collect(paper) AS ids
ORDER BY papers DESC, better + worse DESC, m.name, o.name, m.id, o.id
LIMIT $limit
UNWIND ids AS paper
MATCH (p:Paper {id: paper})
WITH m, o, papers, better, worse, p
ORDER BY coalesce(p.year, 0) DESC, p.id
WITH m, o, papers, better, worse, collect(p.title) AS titles
RETURN m.name AS method, o.name AS compared, papers, better, worse, titles[..3] AS titles
ORDER BY papers DESC, better + worse DESC, method, compared, m.id, o.id
